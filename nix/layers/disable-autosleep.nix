/** Screen, disk and machine stay awake, on mains and battery. */
_:
{
  name = "disable-autosleep";
  strict = true;
  # "Powercfg command-line options": /change takes minutes, 0 is never.
  script = builtins.concatStringsSep "" (builtins.concatMap
    (what: map (power: "win-exec 'powercfg /change ${what}-timeout-${power} 0'\n") [ "ac" "dc" ])
    [ "hibernate" "disk" "monitor" "standby" ]);
}
