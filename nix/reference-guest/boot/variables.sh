# $empty with $certificate as platform key, as key exchange key and as the one signer that is trusted, to $out. The
# owner is an identifier of our own.
owner=8f0bb6b5-0c3f-4a6e-9d4f-0d4b6b6f7a10
virt-fw-vars --loglevel warning --input "$empty" --set-pk $owner "$certificate" --add-kek $owner "$certificate" \
  --add-db $owner "$certificate" --secure-boot --output "$out"
