# RestrictedPaths.pm by itself: `perl decision.pl FOLDER`, the folder being empty.
use strict;
use warnings;
use Cwd qw(realpath);
use File::Basename qw(dirname);
my $module = dirname(__FILE__) . "/../RestrictedPaths.pm";
require $module;
Hydra::Helper::RestrictedPaths->import;

my ($failed, $facts) = (0, 0);

sub holds {
    my ($sentence, $holds) = @_;
    $facts++;
    return if $holds;
    print STDERR "not ok - $sentence\n";
    $failed++;
    return;
}

# --- by its name ---------------------------------------------------------------

my $hash = 'bwqqp42xqn37z31dapi7jrhy8iwc2zsx';
for my $name (qw(RESTRICTDIST-windows.img x-RESTRICTDIST-y RESTRICTDIST-windows.img.drv)) {
    holds("$name is restricted", isRestricted("/nix/store/$hash-$name"));
    holds("a file in $name is restricted", isRestricted("/nix/store/$hash-$name/folder/file"));
}
for my $name (qw(windows RESTRICTDIST xRESTRICTDIST-y x-restrictdist-y x-RESTRICTDISTS-y)) {
    holds("$name is not restricted", !isRestricted("/nix/store/$hash-$name"));
}
holds('a path that is not known is not restricted', !isRestricted(undef));

# --- by where it leads -----------------------------------------------------------

my $store = realpath($ARGV[0]) or die "$ARGV[0]: $!";
for my $folder (qw(a-RESTRICTDIST-b a-RESTRICTDIST-b/folder free)) { mkdir "$store/$folder" or die "$folder: $!" }
for my $file (qw(a-RESTRICTDIST-b/folder/file free/file)) { open(my $out, '>', "$store/$file") or die "$file: $!" }
my %links = (
    file_itself => "$store/a-RESTRICTDIST-b/folder/file", relative => '../a-RESTRICTDIST-b/folder/file',
    folder => "$store/a-RESTRICTDIST-b/folder", twice => 'relative', free_file => 'file', broken => 'nothing',
);
symlink $links{$_}, "$store/free/$_" or die "$_: $!" for keys %links;
for my $path (qw(file_itself relative folder folder/file twice)) {
    holds("free/$path leads to a restricted path", leadsToRestricted("$store/free/$path"));
    holds("free/$path is free by its name", !isRestricted("$store/free/$path"));
}
for my $path (qw(file free_file broken missing)) {
    holds("free/$path does not lead to a restricted path", !leadsToRestricted("$store/free/$path"));
}
holds('what is not on this machine is judged by its name', leadsToRestricted('/nowhere/a-RESTRICTDIST-b/file'));

# --- by its closure ----------------------------------------------------------------

# A `nix-store` that knows three closures, and fails for others.
mkdir "$store/bin" or die;
open(my $program, '>', "$store/bin/nix-store") or die;
print $program <<'END';
#!/bin/sh
[ "$1 $2" = "--query --requisites" ] || exit 1
shift 2
for path; do
  case $path in
    /free) printf '%s\n' /below /free ;;
    /also-free) echo /also-free ;;
    /dependent) printf '%s\n' /a-RESTRICTDIST-b /dependent ;;
    *) exit 1 ;;
  esac
done
END
close $program or die;
chmod 0755, "$store/bin/nix-store";
$ENV{PATH} = "$store/bin:$ENV{PATH}";

sub are {
    my ($sentence, $expected, @paths) = @_;
    return holds($sentence, join(' ', redistributable(@paths)) eq $expected);
}
are('free closures stay', '/free /also-free', '/free', '/also-free');
are('a closure with a restricted path goes, and no other', '/free /also-free', '/free', '/dependent', '/also-free');
are('nothing may be left', '', '/dependent');
are('an unknown closure is not handed out', '', '/unknown');
are('nor does it take a known one with it', '/free', '/unknown', '/free');
are('no paths are no paths', '');

# --- the answer ----------------------------------------------------------------------

{
    package Answer;
    sub response { return shift }
    sub AUTOLOAD { my ($self, $value) = @_; $self->{ our $AUTOLOAD =~ s/.*:://r } = $value; return }
}
my $answer = bless {}, 'Answer';
# A view that returns nothing true has failed, for Catalyst.
holds('refusing is an answer', refuse($answer));
holds('it is 404 in plain text', $answer->{status} == 404 && $answer->{content_type} eq 'text/plain' && $answer->{body} =~ /restricted/);

die "$failed of $facts facts do not hold\n" if $failed;
print "$facts facts hold\n";
