package Hydra;

# Hydra without what no route of the check needs: log-in, sessions, statistics.
use strict;
use warnings;
use parent 'Catalyst';
# The plugin for static files loads it, and the controllers use it.
use MIME::Types;

# Modules that Debian does not have: for passwords, and what Hydra replaces.
BEGIN {
    for my $module (qw(Catalyst::View::Download::Plain Crypt::Passphrase Digest::SHA1 String::Compare::ConstantTime UUID4::Tiny)) {
        $INC{ $module =~ s{::}{/}gr . '.pm' } = __FILE__;
        no strict 'refs';
        *{"${module}::import"} = sub { };
    }
    require Catalyst::View;
    @Catalyst::View::Download::Plain::ISA = ('Catalyst::View');
}

# Of Hydra's own components, these and no others.
sub locate_components {
    return map { "Hydra::$_" } qw(
        Controller::Root Controller::Build Model::DB
        View::JSON View::NARInfo View::NixClosure View::NixNAR View::Plain View::TT);
}

sub flash { return {} }
sub hydra_plugins { return [] }
sub user_exists { return 0 }

__PACKAGE__->config(
    root => "$ENV{HYDRA_SOURCES}/subprojects/hydra/root",
    default_view => 'TT',
    compress_num_threads => 1,
    'View::JSON' => { expose_stash => 'json' },
);
__PACKAGE__->setup;

1;
