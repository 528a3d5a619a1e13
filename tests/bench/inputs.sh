# The script beside the guest: see inputs.rs. $builder, $sshpass, $samba, $reader, $monitor,
# $ssh_port, $smb_port, $files and $rounds stand above it.
trap 'echo "inputs.sh: $BASH_COMMAND" >&2' ERR
say() { echo "$1 $2 $3" >> measured; }
now() { echo "${EPOCHREALTIME/./}"; }
# SERIES WAY BEGAN: milliseconds.
took() { say "$1" "$2" "$((($(now) - $3) / 1000))"; }

exec 3<> "/dev/tcp/127.0.0.1/$monitor"
ask() {
  echo "$1" >&3
  while read -r line <&3; do
    case $line in *'"error"'*) return 1 ;; *'"return"'*) return 0 ;; esac
  done
}
ask '{"execute":"qmp_capabilities"}'
win-put "$reader" . --as reader.exe
win-exec 'reader.exe' > /dev/null || true

# DIRECTORY WAY: what the guest sees there, and how fast.
in_the_guest() {
  local began listed number
  began=$(now)
  listed=$(win-exec "dir /s /b $1" | grep -c '\.dat')
  took listed "$2" "$began"
  [ "$listed" = "$files" ] || { echo "$2: $listed files of $files are listed" >&2; exit 1; }
  for ((number = 0; number < rounds; number++)); do
    say sequential "$2" "$(win-exec "reader.exe all $1\\large$number" | tr -d '\r')"
    say random "$2" "$(win-exec "reader.exe some $1\\large$((rounds + number))" | tr -d '\r')"
  done
}

# --- ours ---------------------------------------------------------------------
began=$(now)
"$builder" store-volume --persistent --socket second "$PWD/store/aaa-closure" &
volume=$!
until qemu-img bench -f raw -c 1 -d 1 "nbd+unix:///?socket=$PWD/second" > /dev/null 2>&1; do :; done
took serving ours "$began"
until ask "{\"execute\":\"blockdev-change-medium\",\"arguments\":{\"id\":\"store\",\"filename\":\"nbd+unix:///?socket=$PWD/second\",\"format\":\"raw\",\"read-only-mode\":\"read-only\",\"force\":true}}"; do :; done
until win-exec 'dir /b D:\aaa-closure' > listed 2> /dev/null && grep -q large0 listed; do :; done
took visible ours "$began"
in_the_guest 'D:\aaa-closure' ours

# --- both servers without a guest ----------------------------------------------
# The reference guest's kernel has no cifs, so Samba is read by its own client, and ours by QEMU's.
for ((number = 0; number < rounds; number++)); do
  began=$(now)
  # 64 reads of 1 MiB, one after the other, of places that are behind all that was read.
  qemu-img bench -f raw -c 64 -d 1 -s 1M -o $((number + 4))00M "nbd+unix:///?socket=$PWD/second" > /dev/null
  took host ours "$began"
done

mkdir samba
# The account is the one that runs this; smbd keeps a hash of its password, 1234.
echo "$(id -un):$(id -u):XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:7CE21F17C0AEE7FB9CEBA532D0546AD6:[U          ]:LCT-5F000000:" > samba/passwd
chmod 600 samba/passwd
cat > samba/smb.conf <<CONF
[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = $smb_port
disable netbios = yes
passdb backend = smbpasswd:$PWD/samba/passwd
map to guest = never
server min protocol = SMB3
server signing = mandatory
load printers = no
disable spoolss = yes
rpc start on demand helpers = no
usershare path =
$(for kind in private lock state cache pid ncalrpc binddns; do echo "$kind dir = $PWD/samba"; done | sed 's/^\(lock\|state\|cache\|pid\) dir/\1 directory/')
log file = $PWD/samba/log
[store]
path = $PWD/store/aaa-closure
read only = yes
CONF
smb() { "$samba/bin/smbclient" -s /dev/null -m SMB3 -p "$smb_port" -U "$(id -un)%1234" //127.0.0.1/store -c "$1"; }
began=$(now)
"$samba/bin/smbd" --foreground --no-process-group -s samba/smb.conf -l samba > samba/said 2>&1 &
server=$!
trap 'kill "$server" "$volume" || true' EXIT
until smb 'ls large0' > /dev/null 2>&1; do :; done
took serving samba "$began"
for ((number = 0; number < rounds; number++)); do
  began=$(now)
  smb "get large$number /dev/null" > /dev/null 2>&1
  took host samba "$began"
done

# --- scp ------------------------------------------------------------------------
# Of a directory it ends with 1 here although all files come: they are counted below.
began=$(now)
"$sshpass" -p1234 scp -S "$(type -P ssh)" -q -r -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=60 \
  -P "$ssh_port" store/aaa-closure wfvm@localhost: || echo "scp ended with $?" >&2
took visible scp "$began"
in_the_guest '%UserProfile%\aaa-closure' scp

