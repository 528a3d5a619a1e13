# The arguments that describe a machine, for every function that starts one.
{ check }:
{
  firmware = { type = check.oneOf [ "uefi" "bios" ]; default = "uefi"; };
  # `kvm` makes Nix choose a machine that has it; `tcg` runs anywhere, some
  # twenty times slower.
  accelerator = { type = check.oneOf [ "kvm" "tcg" "auto" ]; default = "kvm"; };
  cores = { type = check.nullOr (check.int "an integer number of CPUs" 1); default = null; };
  memoryMib = { type = check.nullOr (check.int "an integer number of MiB" 1); default = null; };
  # Windows has the drivers of `sata` and `e1000e` in the box.
  diskBus = { type = check.oneOf [ "sata" "virtio" ]; default = "sata"; };
  networkCard = { type = check.oneOf [ "e1000e" "virtio" ]; default = "e1000e"; };
  # UEFI's: only what is signed is started. Whose keys, the variables say; null: Microsoft's.
  secureBoot = { type = check.bool; default = false; };
  firmwareVariables = { type = check.nullOr check.file; default = null; };
  tpm = { type = check.bool; default = false; };
  # QEMU's -rtc base=. A fixed time makes two installations more alike.
  rtcBase = { type = check.string; default = "2022-10-10T10:10:10"; };
  cpuModel = { type = check.nullOr check.string; default = null; };
  extraQemuFlags = { type = check.listOf check.string; default = [ ]; };
}
