# In a build: Hydra's sources in $sources are changed by `apply`, and asked for
# store paths as its clients would. $debian has the packages of ./packages.

libraries=$debian/usr/lib/x86_64-linux-gnu
loader=$libraries/ld-linux-x86-64.so.2
work=$PWD
mkdir bin

# Debian's programs expect to be in /usr, which a sandbox does not have.
started() { # NAME PROGRAM [ASSIGNMENT…]
  printf '#!%s\n%s\nexec %s --argv0 %s --library-path %s %s "$@"\n' "$BASH" \
    "${*:3}" "$loader" "$1" "$libraries" "$2" > "bin/$1"
  chmod +x "bin/$1"
}
perl=$debian/usr/share/perl5 version=$(cd "$debian/usr/share/perl" && echo 5.*.*)
for directory in "$libraries/perl5/${version%.*}" "$libraries/perl-base" "$libraries/perl/$version" "$debian/usr/share/perl/$version"; do
  perl+=:$directory
done
started perl "$debian/usr/bin/perl" "export PERL5LIB=$work/stand-ins:$work/hydra/subprojects/hydra/lib:$work/hydra/subprojects/nix-perl/lib:$perl"
started nix "$debian/usr/bin/nix"
started nix-store "$debian/usr/bin/nix"
started pixz "$debian/usr/bin/pixz"
export PATH=$work/bin:$PATH NIX_BIN_DIR=$work/bin MAGIC=$debian/usr/share/misc/magic.mgc

# PostgreSQL starts its own parts by their names, and finds its data beside them.
database=$(cd "$debian/usr/lib/postgresql" && echo *)
mkdir -p "pg/lib/postgresql/$database/bin" pg/share
ln -s "$debian/usr/lib/postgresql/$database/lib" "pg/lib/postgresql/$database/lib"
ln -s "$debian/usr/share/postgresql" pg/share/postgresql
for program in initdb postgres; do
  install -m 755 "$debian/usr/lib/postgresql/$database/bin/$program" "pg/lib/postgresql/$database/bin/"
  patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "pg/lib/postgresql/$database/bin/$program"
done
programs=$work/pg/lib/postgresql/$database/bin
"$programs/initdb" --auth=trust --username=hydra --no-locale --encoding=UTF8 --no-sync data > initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
"$programs/postgres" -D data -k "$work" -c listen_addresses= -c fsync=off > postgres.log 2>&1 &

# A store of its own, at the place that its paths name.
export NIX_STORE_DIR=$work/store NIX_STATE_DIR=$work/state NIX_LOG_DIR=$work/log NIX_CONF_DIR=$work/conf HOME=$work/home
mkdir -p conf home hydra-data
printf '%s\n' 'build-users-group =' 'substituters =' 'experimental-features = nix-command' > conf/nix.conf

cp -r --no-preserve=mode "$sources" hydra
if [ -z "$unchanged" ]; then bash "$apply" hydra ${without:+--without "$without"}; fi
cp -r --no-preserve=mode "$standIns" stand-ins
export HYDRA_SOURCES=$work/hydra HYDRA_DATA=$work/hydra-data HYDRA_DATABASE_URL="postgres:///hydra?host=$work&user=hydra"
# The same for revisions before August 2026.
export HYDRA_DBI="dbi:Pg:dbname=hydra;host=$work;user=hydra"
perl -I "$tests" "$tests/routes.pl"
bash "$tests/ways-out.sh" hydra
