# extractFs reads what other people's programs made, and fails where it cannot.
{ pkgs, product, ... }:

let
  content = pkgs.runCommand "content" { } ''
    mkdir -p "$out/sub directory/deep" $out/empty $out/bin
    echo hello > $out/hello.txt
    echo deep > "$out/sub directory/deep/file"
    echo program > $out/bin/program
    chmod +x $out/bin/program
    ln -s ../hello.txt $out/bin/up
    ln -s /nowhere/at/all $out/absolute
    ln -s bin $out/directory
    echo star > "$out/a*b"
    echo letters > $out/Straße
    head -c 200000 /dev/zero | tr '\0' x > $out/large
  '';

  # One file for each kind of file system, by those who know it.
  made = pkgs.runCommand "file-systems"
    {
      nativeBuildInputs = [ pkgs.mtools pkgs.dosfstools pkgs.cdrkit pkgs.squashfsTools pkgs.wimlib pkgs.ntfs3g pkgs.e2fsprogs pkgs.qemu ];
      inherit content;
    } ''
    mkdir $out
    cd $out
    mksquashfs $content squashfs -quiet -no-progress
    truncate -s 16M ext4 && mkfs.ext4 -q -d $content ext4
    genisoimage -quiet -R -J -udf -o bridge $content
    mkdir plain && cp $content/hello.txt plain/ && cp -r "$content/sub directory" plain/
    genisoimage -quiet -J -o joliet plain
    genisoimage -quiet -udf -o udf plain
    truncate -s 16M fat && mkfs.fat fat && mcopy -s -i fat plain/* ::/
    truncate -s 16M ntfs && mkntfs -q -F ntfs && ntfscp ntfs plain/hello.txt hello.txt && ntfscp ntfs $content/large large
    wimcapture $content wim > /dev/null
    cp wim two-images && wimappend plain two-images plain > /dev/null
    qemu-img convert -O qcow2 ext4 ext4.qcow2
    qemu-img convert -O vhdx fat fat.vhdx
    qemu-img convert -O vpc ntfs ntfs.vhd
    qemu-img create -q -f qcow2 -b $PWD/ext4.qcow2 -F qcow2 overlay.qcow2
    mkdir image && ln -s $PWD/overlay.qcow2 image/disk-image.qcow2

    # A disk of two partitions, by its table of 1983.
    entry() { printf "\\x00\\x00\\x00\\x00\\x$1\\x00\\x00\\x00$2$3" | dd of=disk bs=1 seek=$4 conv=notrunc status=none; }
    truncate -s 33M disk
    entry 83 '\x00\x08\x00\x00' '\x00\x80\x00\x00' 446
    entry 0c '\x00\x88\x00\x00' '\x00\x80\x00\x00' 462
    printf '\x55\xaa' | dd of=disk bs=1 seek=510 conv=notrunc status=none
    truncate -s 34M disk
    dd if=ext4 of=disk bs=1M seek=1 conv=notrunc status=none
    dd if=fat of=disk bs=1M seek=17 conv=notrunc status=none

    # Links behind which a file of the same directory shall be written: two names are made one.
    mkdir -p hostile/aaaaaaaa && echo evil > hostile/aaaaaaaa/file && ln -s /build/outside hostile/bbbbbbbb
    mksquashfs hostile behind-link -quiet -no-progress -noI -noD -noF -noX
    sed -i s/bbbbbbbb/aaaaaaaa/g behind-link
    # And names that lead out of the tree.
    mkdir -p leads/d && echo evil > leads/d/AAAAAAAAEVIL
    mksquashfs leads out-of-tree -quiet -no-progress -noI -noD -noF -noX
    truncate -s 8M out-of-tree.ext4 && mkfs.ext4 -q -O ^metadata_csum,^dir_index -d leads out-of-tree.ext4
    sed -i 's|AAAAAAAAEVIL|../../../EVI|g' out-of-tree out-of-tree.ext4

    # What is damaged.
    for kind in squashfs wim; do
      cp $kind damaged-$kind
      # In the contents, which begin behind the header.
      printf 'damage damage damage damage' | dd of=damaged-$kind bs=1 seek=260 conv=notrunc status=none
    done
    head -c 100000 ext4 > cut-ext4
    { head -c 510 /dev/zero; printf '\x55\xaaEFI PART'; } > cut-table
    qemu-img create -q -f qcow2 -F raw -b /etc/passwd elsewhere.qcow2 1M
    qemu-img create -q -f qcow2 -o data_file=$PWD/data,data_file_raw=on data-file.qcow2 1M
    chmod -R u+w . && rm -r plain hostile leads
  '';
  of = name: arguments: product.extractFs ({ file = "${made}/${name}"; } // arguments);
in
pkgs.runCommand "check-extract-fs"
  {
    nativeBuildInputs = [ pkgs.diffutils pkgs.gnugrep pkgs.findutils ];
    inherit content made;
    # As a user has them.
    squashfs = of "squashfs" { };
    bridge = of "bridge" { };
    second = of "disk" { partition = 2; };
    directory = product.extractFs { file = "${made}/image"; fs = "ext4"; };
    installed = product.extractFs { file = product.demoImage; partition = 3; };
    medium = product.extractFs { file = product.referenceGuest; fs = "udf"; };
    # As it is called there.
    extract = "source ${../extract-fs.sh}";
    tools = map (package: "${package.bin or package}/bin") [ pkgs._7zz pkgs.qemu pkgs.wimlib pkgs.xorriso pkgs.gawk ];
  } ''
  count=0
  fact() { count=$((count + 1)); if [ "$2" = "$3" ]; then echo "holds: $1"; else echo "does not hold: $1: $2, should be $3" >&2; [ ! -e said ] || cat said >&2; failed=1; fi; }
  failed= top=$PWD
  for directory_of_tools in $tools; do PATH=$PATH:$directory_of_tools; done
  # FILE [FS [PARTITION]] to result, as a build does it.
  try() {
    rm -rf result scratch; mkdir scratch
    status=0
    (cd scratch && NIX_BUILD_TOP=$PWD out=$top/result file=$made/$1 fs=''${2-} partition=''${3-} bash -c "$extract") > said 2>&1 || status=$?
  }
  same() { # WHAT DIRECTORY: content, but for lost+found
    fact "$1" "$(diff -r --no-dereference -x lost+found $content "$2" 2>&1)" ""
  }
  refused() { # SENTENCE WORDS
    fact "$1 is refused" "$status $(grep -c -e "$2" said)" "1 1"
  }

  same "a squashfs is what went into it, links and all" $squashfs
  fact "a program can be run" "$(stat -c %A $squashfs/bin/program | cut -c 10)" x
  same "of a CD with UDF and Rock Ridge the links are kept" $bridge
  same "a directory with disk-image.qcow2 is an image, with its backing files" $directory
  fact "a partition is chosen by its number" "$(cat $second/hello.txt)" hello
  fact "an installed system's NTFS is read from its qcow2" "$(find $installed/Windows -maxdepth 1 -iname system32 | wc -l)" 1
  fact "so is an installation medium" "$(find $medium/sources -name install.wim | wc -l)" 1

  for kind in ext4 ext4.qcow2 wim; do try $kind; same "$kind" result; done
  try two-images; refused "a WIM of two images" "the WIM has 2 images"
  try two-images "" 2; fact "an image of it is chosen by number" "$(cat result/hello.txt)" hello
  for kind in fat joliet udf fat.vhdx; do
    try $kind
    fact "$kind" "$(cat result/hello.txt "result/sub directory/deep/file" | tr '\n' ' ')" "hello deep "
  done
  for kind in ntfs ntfs.vhd; do
    try $kind
    fact "$kind" "$(cat result/hello.txt; cmp result/large $content/large; ls result)" "hello
  hello.txt
  large"
  done

  try disk; refused "a disk with partitions and no number" "partition 2, type 0c, 16 MiB"
  try disk "" 3; refused "a partition that is not there" "there are 1, 2"
  try ext4 "" 1; refused "a partition of no table" "the whole is ext4"
  try fat ntfs; refused "another file system" "begins as vfat"
  try ../../../etc/passwd; refused "what is no file system" "none of the known"
  for kind in squashfs wim; do
    try damaged-$kind
    fact "a damaged $kind fails" "$([ $status != 0 ] && echo yes)" yes
  done
  try cut-ext4; fact "a file that was cut off fails" "$([ $status != 0 ] && echo yes)" yes
  try cut-table; refused "a partition table that was cut off" "cut-table ends too early"
  try elsewhere.qcow2; refused "a backing file outside of the store" "/etc/passwd"
  try data-file.qcow2; refused "a data file" "another file"

  mkdir outside
  try behind-link
  fact "nothing is written through a link" "$(ls outside)" ""
  for kind in out-of-tree out-of-tree.ext4; do
    try $kind
    fact "$kind: nothing is written beside the result" "$(find . -name '*EVI*' | grep -v '^./result/')" ""
  done
  [ -z "$failed" ] || exit 1
  echo "$count facts hold" > $out
''
