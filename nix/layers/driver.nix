/** A driver of a third party, from its `.inf`. */
{ check, layering, ... }:

let
  inherit (builtins) concatStringsSep map replaceStrings;
  folder = ''C:\wfvm-driver'';
in
check.function "layers.driver"
  {
    # The folder with the `.inf` and all that it names.
    source = { type = check.file; };
    # The file in that folder, by its path there.
    inf = { type = layering.word; };
    # Of the layer; null: made from the file's.
    name = { type = check.nullOr check.string; default = null; };
    # `.cer` files to trust as publishers, without which Windows asks a person.
    publishers = { type = check.listOf check.file; default = [ ]; };
    # The same for the root of a test signature.
    authorities = { type = check.listOf check.file; default = [ ]; };
  }
  ({ source, inf, name, publishers, authorities }:
    let
      windowsInf = replaceStrings [ "/" ] [ "\\" ] inf;
      trust = store: certificate: ''
        win-put ${layering.shellWord "${certificate}"} . --as wfvm-driver.cer
        win-exec 'certutil.exe -addstore -f ${store} wfvm-driver.cer'
        win-exec 'del wfvm-driver.cer'
      '';
    in
    {
      name = if name == null then "driver-${replaceStrings [ "/" "\\" ] [ "-" "-" ] inf}" else name;
      strict = true;
      # "PnPUtil Return Values": 259 says that no device here takes the driver
      # now; it is in the store all the same, for a device that comes.
      script = concatStringsSep "" (map (trust "TrustedPublisher") publishers ++ map (trust "Root") authorities) + ''
        win-put ${layering.shellWord "${source}"} C:/ --as wfvm-driver
        status=0
        win-exec --exit-code exit-code ${layering.shellWord ''pnputil.exe /add-driver "${folder}\${windowsInf}" /install''} || status=$?
        case $(cat exit-code) in 259) status=0 ;; esac
        if [ $status != 0 ]; then exit $status; fi
        win-exec 'rmdir /s /q ${folder}'
      '';
    })
