# One image: what `makeWindowsImage` of ./default.nix returns.
{ pkgs, ... }@given: (import ./. { inherit pkgs; }).makeWindowsImage given
