# The UEFI variables of a machine with Secure Boot that starts the reference guest.
{ wfvm, ... }: wfvm.referenceGuest.firmwareVariables
