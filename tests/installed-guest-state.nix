# What belongs to the machine of that guest and is not on its disk.
{ wfvm, ... }: wfvm.demoImage.state
