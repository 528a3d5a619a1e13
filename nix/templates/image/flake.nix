{
  description = "An image of Windows 11 with a layer of one's own";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  # Where your copy of wfvm is.
  inputs.wfvm = { url = "git+file:///path/to/wfvm"; inputs.nixpkgs.follows = "nixpkgs"; };

  outputs = { nixpkgs, wfvm, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      inherit (wfvm.lib.for pkgs) makeWindowsImage layers;

      image = makeWindowsImage {
        # Without this line, Nix asks by name for the ISO that it knows.
        # windowsImage = ./Win11_25H2_English_x64.iso;
        imageSelection = "Windows 11 Pro N";
        tpm = true;
        users.me = { password = "1234"; groups = [ "Administrators" ]; };
        autoLogon = "me";
        login = "me";
        layers = [
          layers.disable-autosleep
          layers.vc-redist
          {
            name = "work folder";
            script = "win-exec 'mkdir C:\\work'";
          }
        ];
      };
    in
    {
      packages.${system} = {
        default = image;
        # `nix run .#debug`: the image with its screen in a window, and a shell beside it.
        inherit (image) debug;
      };
    };
}
