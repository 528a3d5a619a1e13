# An image without Windows: the reference guest, installed as Windows is. Real
# `.exe` files run in it. Builds anywhere, since it asks for no KVM.
{ pkgs, wfvm }:

wfvm.makeWindowsImage {
  guestOs = "reference-guest";
  accelerator = "tcg";
}
