# What every Linux guest of ours starts from: nixpkgs' kernel, and an initramfs
# whose first program is wfvm-nix-builder.
{ pkgs, wfvm-nix-builder, ... }:

let
  # nixpkgs' kernel names its image; its modules became an output of their own in 2025.
  inherit (pkgs) linux;
  modules = linux.modules or linux;

  # Of other modules the kernel asks `modprobe`. A `?` is for what a kernel may
  # have as a module, in itself, or not at all.
  wanted = [
    "virtio_pci" "virtio_console" "virtio_blk" "virtio_rng?" "9pnet_virtio" "9p" "overlay"
    "crc32c_generic?" "crc32c?" "crc32c_intel?" "crc32c_cryptoapi?" "ext4"
  ];
in
{
  kernel = "${linux}/${linux.target or "bzImage"}";

  initramfs = pkgs.runCommand "linux-initramfs" { } ''
    ${wfvm-nix-builder}/bin/wfvm-nix-builder linux-initramfs --modules ${modules} --out $out \
      --xz ${pkgs.xz.bin or pkgs.xz}/bin/xz --zstd ${pkgs.zstd.bin or pkgs.zstd}/bin/zstd ${toString wanted}
  '';

  modprobe = pkgs.writeShellScript "modprobe" ''
    exec ${pkgs.kmod}/bin/modprobe -d ${modules} "$@"
  '';
}
