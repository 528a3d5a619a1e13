# The installation medium that the guest tests install from.
{ wfvm, ... }: wfvm.referenceGuest
