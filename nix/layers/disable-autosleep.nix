# Neither screen, disk nor machine goes to sleep, on mains or battery.
_:
{
  name = "disable-autosleep";
  strict = true;
  # "Powercfg command-line options": /change takes minutes, 0 is never.
  script = builtins.concatStringsSep "" (builtins.concatMap
    (what: map (power: "win-exec 'powercfg /change ${what}-timeout-${power} 0'\n") [ "ac" "dc" ])
    [ "hibernate" "disk" "monitor" "standby" ]);
}
