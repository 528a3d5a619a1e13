# `nix run`: a Windows program in an installed image, and what to type next.
{ pkgs, product }:

let
  inherit (import ../../examples/hello.nix { inherit pkgs; wfvm = product; }) hello;
in
product.wfvm-run {
  name = "demo";
  image = product.demoImage;
  script = ''
    win-put ${hello} . --as hello.exe
    echo "The program says:" >&2
    win-exec hello.exe
    cat >&2 <<'NEXT'

    It ran in ${product.demoImage}. What to type next:

      nix run .#debug                                     that image with its screen in a window
      nix flake init -t .#image                           an image of your own
      nix log .#demoImage                                 how this one was installed
    NEXT
  '';
}
