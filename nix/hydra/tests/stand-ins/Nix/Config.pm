package Nix::Config;

# What Nix's own build fills in.
use strict;
use warnings;

our $storeDir = $ENV{NIX_STORE_DIR};
our $binDir = $ENV{NIX_BIN_DIR};

1;
