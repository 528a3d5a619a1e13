# For work on this repository: Rust, and the programs that the tests of ring 4 ask.
{ pkgs }:

pkgs.mkShell {
  packages = with pkgs; [ cargo clippy rustc rustfmt qemu swtpm tesseract mtools dosfstools cdrkit xorriso wimlib _7zz libxml2 openssh ];
}
