# The initramfs of both stages: $init and the modules of $kernel to $out.
"$init" initramfs --out initramfs --init "$init" --modules "$kernel/modules" --order "$kernel/order"
# Decompression is as fast at every level; the smaller file loads faster.
zstd -q -12 -T"$NIX_BUILD_CORES" initramfs -o "$out"
