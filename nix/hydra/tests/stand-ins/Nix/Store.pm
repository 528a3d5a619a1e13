package Nix::Store;

# Nix's library for Perl is compiled, and Debian does not have it. The same
# questions, asked of the program `nix-store`.
use strict;
use warnings;
use Exporter qw(import);

# S3Backup calls these two as functions, the rest of Hydra as methods.
our @EXPORT = qw(queryPathInfo derivationFromPath);

sub new { return bless {}, shift }

sub ask {
    open(my $answer, '-|', 'nix-store', @_) or die "nix-store: $!";
    my @lines = <$answer>;
    chomp @lines;
    return close($answer) ? @lines : ();
}

sub isValidPath { return system("nix-store --check-validity '$_[1]' 2>/dev/null") == 0 }

sub queryPathFromHashPart {
    my ($self, $hash) = @_;
    my ($path) = glob "$ENV{NIX_STORE_DIR}/$hash-*";
    return defined $path && $self->isValidPath($path) ? $path : undef;
}

sub queryReferences { return ask('--query', '--references', $_[1]) }

sub queryPathInfo {
    shift if ref $_[0];
    my ($path) = @_;
    return (undef, ask('--query', '--hash', $path), 1, ask('--query', '--size', $path),
        [ask('--query', '--references', $path)]);
}

sub derivationFromPath { die "no path of this check has a derivation" }

1;
