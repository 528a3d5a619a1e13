# An installed guest for tests that ask nothing of the installation.
{ wfvm, ... }: wfvm.demoImage
