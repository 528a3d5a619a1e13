# Each way of bytes out of Hydra's web server and its plugins: closed for a
# restricted path, open for another. Run by rig.sh.
use strict;
use warnings;
use utf8;
use Test::More;
use Archive::Tar;
use DBI;
use File::Basename;
use HTTP::Request::Common qw(GET HEAD);
use IO::Uncompress::Gunzip qw(gunzip);
use Plack::Test;

my $sources = $ENV{HYDRA_SOURCES};
my ($free_words, $restricted_words) = ('free for everybody', 'licensed to somebody');

# --- store paths ---------------------------------------------------------------

sub write_file {
    my ($file, $content) = @_;
    system('mkdir', '-p', dirname($file)) == 0 or die;
    open(my $out, '>', $file) or die "$file: $!";
    print $out $content;
    close $out or die;
    return $file;
}

sub output_of {
    open(my $answer, '-|', @_) or die "$_[0]: $!";
    chomp(my $line = <$answer> // '');
    close $answer or die "@_ failed";
    return $line;
}

sub add { return output_of('nix-store', '--add', $_[0]) }

sub archive_of {
    my ($words) = @_;
    my $tar = Archive::Tar->new;
    $tar->add_data('words', $words);
    return $tar->write;
}

# What every kind of route finds something in.
sub fill {
    my ($tree, $words) = @_;
    write_file("$tree/words.txt", $words);
    write_file("$tree/pages/index.html", $words);
    write_file("$tree/archive.tar", archive_of($words));
    write_file("$tree/config.yaml", $words);
    write_file("$tree/tarballs/words-1-coverity-int.xz", $words);
    return $tree;
}

my $restricted = add(fill('made/windows-RESTRICTDIST-files', $restricted_words));
my $image = add(write_file('made/RESTRICTDIST-windows.img', $restricted_words));

mkdir 'made/hop';
symlink "$restricted/words.txt", 'made/hop/onward' or die;
write_file('made/hop/words.txt', $free_words);
my $hop = add('made/hop');

my $tree = fill('made/free', $free_words);
symlink "$hop/words.txt", "$tree/to-free" or die;
symlink "$restricted/words.txt", "$tree/to-file" or die;
symlink '../' . basename($restricted) . '/words.txt', "$tree/to-relative" or die;
symlink $restricted, "$tree/to-directory" or die;
symlink "$hop/onward", "$tree/by-two-hops" or die;
symlink "$restricted/archive.tar", "$tree/linked.tar" or die;
symlink "$restricted/config.yaml", "$tree/linked.yaml" or die;
mkdir "$tree/linked-pages";
symlink "$restricted/pages/index.html", "$tree/linked-pages/index.html" or die;
my $free = add($tree);

mkdir 'made/scanned';
mkdir 'made/scanned/tarballs';
symlink "$restricted/tarballs/words-1-coverity-int.xz", 'made/scanned/tarballs/words-1-coverity-int.xz' or die;
my $scanned = add('made/scanned');

# A free path whose closure has a restricted one in it.
write_file('made/dependent.nix',
    "builtins.toFile \"dependent\" \"$free_words \${builtins.storePath $image}\"");
my $dependent = output_of('nix', 'eval', '--raw', '--file', 'made/dependent.nix');

# --- the database ----------------------------------------------------------------

my $dsn = "dbi:Pg:host=$ENV{PWD};user=hydra;dbname=";
my $attempts = 0;
until (DBI->connect($dsn . 'postgres', undef, undef, { PrintError => 0 })) {
    die "PostgreSQL does not answer; its log is postgres.log\n" if ++$attempts > 200;
    select undef, undef, undef, 0.1;
}
DBI->connect($dsn . 'postgres')->do('create database hydra') or die;
my $sql = do { local (@ARGV, $/) = "$sources/subprojects/hydra/sql/hydra.sql"; <> };
my $dbh = DBI->connect($dsn . 'hydra', undef, undef, { RaiseError => 1, PrintError => 0 });
{ local $SIG{__WARN__} = sub { }; $dbh->do($sql); }

my %row = (
    Users => { userName => 'owner', emailAddress => 'owner@example.org', password => '!' },
    Projects => { name => 'project', displayName => 'Project', owner => 'owner' },
    Jobsets => { id => 1, name => 'jobset', project => 'project', nixExprInput => 'source', nixExprPath => 'jobs.nix', emailOverride => '' },
);

sub insert {
    my ($table, %columns) = @_;
    my @names = sort keys %columns;
    $dbh->do("insert into $table (" . join(', ', @names) . ') values (' . join(', ', ('?') x @names) . ')', undef, @columns{@names});
    return;
}
insert($_, %{ $row{$_} }) for qw(Users Projects Jobsets);

sub build {
    my ($id, $output, @products) = @_;
    insert('Builds', id => $id, finished => 1, timestamp => 1, jobset_id => 1, job => "job$id", nixName => "job$id",
        drvPath => "$output.drv", system => 'x86_64-linux', starttime => 1, stoptime => 2, buildstatus => 0, iscurrent => 1);
    insert('BuildOutputs', build => $id, name => 'out', path => $output);
    my $number = 0;
    for my $product (@products) {
        my ($type, $subtype, $path) = @$product;
        insert('BuildProducts', build => $id, productnr => ++$number, type => $type, subtype => $subtype, path => $path, name => $type eq 'file' ? basename($path) : '');
    }
    return;
}

sub products { my ($of) = @_; return map { [@$_] } (['nix-build', '', $of], ['file', 'text', "$of/words.txt"], ['file', 'tar', "$of/archive.tar"]) }
build(1, $free, products($free), ['file', 'linked', "$free/linked.tar"]);
build(2, $restricted, products($restricted));
build(3, $image, ['nix-build', '', $image], ['file', 'image', $image]);
build(4, $dependent, ['nix-build', '', $dependent]);
build(5, $scanned, ['nix-build', '', $scanned]);

# --- the web server --------------------------------------------------------------

require Hydra;
my $server = Plack::Test->create(Hydra->psgi_app);

sub answer {
    my ($route, $method) = @_;
    my $response = $server->request(($method // \&GET)->("http://localhost$route"));
    # A browser follows.
    while ($response->is_redirect) {
        ($route) = $response->header('Location') =~ m{^http://localhost(/.*)} or die;
        $response = $server->request(GET "http://localhost$route");
    }
    return $response;
}

sub plain { my ($response) = @_; return $response->content }
sub unzipped { my ($response) = @_; my $zipped = $response->content; gunzip(\$zipped, \my $words); return $words // '' }
sub unpacked {
    my ($response) = @_;
    write_file('answer.xz', $response->content);
    open(my $words, '-|', 'pixz', '-d', '-i', 'answer.xz', '-o', '/dev/stdout') or die;
    local $/;
    return scalar <$words>;
}

sub serves {
    my ($route, $read, $words) = @_;
    my $response = answer($route);
    is($response->code, 200, "$route is served") or diag($response->content =~ m{(Caught .*)} ? $1 : '');
    my $content = $read->($response) // '';
    ok(index($content, $words) >= 0, "$route has what it should");
    ok(index($content, $restricted_words) < 0, "$route has nothing else");
    return;
}

sub refuses {
    my ($route, $method) = @_;
    my $response = answer($route, $method);
    is($response->code . ' ' . $response->content, "404 Redistribution restricted\n", "$route is refused");
    return;
}

sub hash_of { return substr(basename($_[0]), 0, 32) }

serves('/' . hash_of($free) . '.narinfo', \&plain, "StorePath: $free\n");
serves('/nar/' . basename($free), \&unpacked, $free_words);
serves('/build/1/output/out', \&unpacked, $free_words);
serves('/build/1/download/1/words.txt', \&plain, $free_words);
serves('/build/1/download/1/to-free', \&plain, $free_words);
serves('/build/1/download/1/pages', \&plain, $free_words);
serves('/build/1/download/2', \&plain, $free_words);
serves('/build/1/download-by-type/file/text', \&plain, $free_words);
serves('/build/1/contents/1', \&plain, 'words.txt');
serves('/build/1/contents/3', \&plain, 'words');
serves('/build/1/nix/closure', \&unzipped, $free_words);
# The channel has all builds in it.
serves('/channel/latest/closure', \&unzipped, $free_words);

for my $path ($restricted, $image) {
    refuses('/' . hash_of($path) . '.narinfo');
    refuses('/nar/' . basename($path));
}
is(answer('/' . hash_of($image) . '.narinfo', \&HEAD)->code, 404, 'the narinfo is refused to HEAD');
is(answer('/nar/' . basename($image), \&HEAD)->content, '', 'HEAD of a NAR has nothing of it');
refuses('/build/2/output/out');
refuses('/build/3/output/out');
refuses('/build/2/download/1/words.txt');
refuses('/build/2/download/1/pages');
refuses('/build/2/download/2');
refuses('/build/3/download/2');
refuses('/build/2/download-by-type/file/text');
refuses('/build/2/contents/1');
refuses('/build/2/contents/3');
refuses('/build/1/contents/4');
refuses('/build/2/nix/closure');
refuses('/build/3/nix/closure');
refuses('/build/4/nix/closure');
# Out of a free path.
refuses("/build/1/download/1/$_") for qw(to-file to-relative by-two-hops linked-pages/);
refuses("/build/1/download/1/to-directory/words.txt");

# The free path that depends on the image is itself free; Nix then does not find
# all it needs.
serves('/nar/' . basename($dependent), \&unpacked, $free_words);

# --- plugins -----------------------------------------------------------------------

sub finished {
    my ($plugin, $config, $id) = @_;
    eval "require Hydra::Plugin::$plugin" or die $@;
    my $build = Hydra->model('DB::Builds')->find($id);
    "Hydra::Plugin::$plugin"->new(config => $config)->buildFinished($build, []);
    return;
}

sub stored {
    my ($id) = @_;
    %Net::Amazon::S3::objects = ();
    finished('S3Backup', { s3backup => { jobs => '.*', name => 'bucket', compression_type => 'none' } }, $id);
    return %Net::Amazon::S3::objects;
}
my %objects = stored(1);
ok(index($objects{ hash_of($free) . '.nar' } // '', $free_words) >= 0, 'S3Backup stores a free path');
is_deeply({ stored($_) }, {}, "S3Backup stores nothing of build $_") for 2, 3;
is_deeply([sort { $a cmp $b } keys %{ { stored(4) } }], [map { hash_of($dependent) . $_ } '.nar', '.narinfo'], 'S3Backup stores what depends on an image without the image');

my @sent;
{
    require LWP::UserAgent;
    no warnings qw(redefine once);
    *LWP::UserAgent::request = sub { push @sent, $_[1]->content; return HTTP::Response->new(200, 'OK', [], 'Your request has been submitted') };
}
sub sent { @sent = (); finished(@_); return join '', @sent }
my @coverity = ('CoverityScan', { coverityscan => { jobs => '.*', project => 'p', email => 'e', token => 't' } });
ok(index(sent(@coverity, 1), $free_words) >= 0, 'CoverityScan sends a free file');
is(sent(@coverity, 2), '', 'CoverityScan sends no restricted file');
is(sent(@coverity, 5), '', 'CoverityScan follows no symlink to one');

write_file('authfile', 'user:password');
for my $case ([6, "$free/config.yaml"], [7, "$restricted/config.yaml"], [8, "$free/linked.yaml"]) {
    my ($id, $config) = @$case;
    build($id, $free, ['file', 'sotest-binaries', "$free/archive.tar"], ['file', 'sotest-config', $config]);
    my $content = sent('SoTest', { sotest => { authfile => 'authfile' } }, $id);
    if ($id == 6) { ok(index($content, $free_words) >= 0, 'SoTest sends a free file') }
    else { is($content, '', "SoTest does not send $config") }
}

# --- Nix itself --------------------------------------------------------------------

# On the loopback interface of the sandbox.
require HTTP::Server::PSGI;
my $port = 8000;
my $serving = fork // die;
if (!$serving) {
    HTTP::Server::PSGI->new(host => '127.0.0.1', port => $port)->run(Hydra->psgi_app);
    exit;
}

sub copied {
    my ($path) = @_;
    return system("nix copy --no-check-sigs --from http://127.0.0.1:$port --to 'local?root=$ENV{PWD}/other' $path 2> copy.log") == 0;
}
for (1 .. 100) {
    last if IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    select undef, undef, undef, 0.1;
}
ok(copied($hop), 'nix copies a free path') or diag(`cat copy.log`);
ok(!copied($image), 'nix does not get an image');
ok(!copied($dependent), 'nix does not get what needs an image');
kill 'KILL', $serving;
waitpid $serving, 0;

done_testing;
