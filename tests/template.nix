# A template of that guest, for tests of what its clones do.
{ wfvm, ... }: wfvm.demoImage.revived
