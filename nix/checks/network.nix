# In the sandbox, too, a guest reaches a server of the same build only if that
# was opened. The program in the guest is the one of tests/guest/network.rs.
{ pkgs, product, ... }:

let
  reach = import ../../tests/reach.nix { inherit pkgs; };
  gateway = "192.168.1.2";
  listen = "192.168.1.50";

  run = name: change: attempts: product.wfvm-run ({
    inherit name;
    image = product.demoImage;
    script = ''
      win-put ${reach} . --as reach.exe
      win-exec 'reach.exe ${attempts}' | tr -d '\r' > ${name}
    '';
  } // change);
in
pkgs.runCommand "check-network"
  {
    nativeBuildInputs = [
      pkgs.socat
      (run "closed" { } "tcp ${gateway} 4001 tcp ${listen} 4001 udp ${gateway} 4001")
      (run "single" { forwardedPorts = [ { listenAddr = listen; targetAddr = "127.0.0.1"; port = 4001; } ]; }
        "tcp ${listen} 4001 tcp ${gateway} 4001 tcp ${listen} 4002")
      (run "open" { isolateNetwork = false; } "tcp ${gateway} 4001 udp ${gateway} 4001")
    ];
  } ''
  socat TCP-LISTEN:4001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo server >> visits; printf hello' &
  socat UDP-RECVFROM:4001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo server >> visits; head -c 1 > /dev/null; printf hello' &

  wfvm-run-closed
  [ ! -e visits ] || { echo "a closed guest came to the server" >&2; exit 1; }
  wfvm-run-single
  wfvm-run-open
  kill %1 %2

  cat > expected << 'end'
  tcp ${listen} 4001: heard hello
  tcp ${gateway} 4001: heard hello
  udp ${gateway} 4001: heard hello
  end
  cat closed single open
  cat closed single open | grep heard > heard
  diff expected heard
  echo 8 facts hold > $out
''
