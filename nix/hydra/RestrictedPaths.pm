package Hydra::Helper::RestrictedPaths;

# Store paths that may be built and used here, and may not be handed out: an
# installed Windows has a licence for whoever installed it. Such a path says so
# in its name. This is the only file that decides; each place where bytes of a
# store path leave Hydra asks it (places/web).

use strict;
use warnings;
use Cwd qw(realpath);
use Exporter qw(import);

our @EXPORT = qw(isRestricted leadsToRestricted redistributable refuse);

# By its name: what is served of a store path as a whole, symlinks being served
# as symlinks. Anywhere in the path, so that a file inside is meant as well.
sub isRestricted {
    my ($path) = @_;
    return index($path // '', '-RESTRICTDIST-') >= 0;
}

# A file that is opened: a symlink in any of its directories leads as far as one
# at its end. What is not on this machine has no such directories to follow.
sub leadsToRestricted {
    my ($path) = @_;
    return isRestricted($path) || isRestricted(-e $path ? realpath($path) : undef);
}

# Those of the paths that do not have a restricted one in their closure.
sub redistributable {
    my @paths = @_;
    return @paths if !@paths || !closureIsRestricted(@paths);
    return grep { !closureIsRestricted($_) } @paths;
}

sub closureIsRestricted {
    my @paths = @_;
    open(my $closure, '-|', 'nix-store', '--query', '--requisites', @paths) or return 1;
    my @restricted = grep { isRestricted($_) } <$closure>;
    # A closure that nobody knows is not handed out.
    return !close($closure) || @restricted > 0;
}

# 404 is what Nix takes for "not in this cache", after which it asks the next
# one or builds. As a text of its own, because Hydra's error page depends on
# what the client accepts.
sub refuse {
    my ($c) = @_;
    $c->response->status(404);
    $c->response->content_type('text/plain');
    $c->response->body("Redistribution restricted\n");
    return 1;
}

1;
