# The layers that change settings, on the reference guest.
{ pkgs, product, ... }:

let
  inherit (product) layers;

  # A package as a vendor's, for a device that no machine has; its catalogue is
  # signed by nobody whom Windows knows.
  driver = pkgs.runCommand "driver" { nativeBuildInputs = [ pkgs.openssl ]; } ''
    mkdir -p $out/amd64
    cd $out
    export OPENSSL_CONF=$NIX_BUILD_TOP/openssl.cnf
    printf '[req]\ndistinguished_name = dn\n[dn]\n' > "$OPENSSL_CONF"
    openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=ours -keyout "$NIX_BUILD_TOP/key" -outform DER -out ours.cer
    printf '%s\r\n' '[Version]' 'Signature="$WINDOWS NT$"' Class=System 'ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}' \
      'Provider=%Maker%' DriverVer=01/01/2025,1.0.0.0 CatalogFile=ours.cat '[SourceDisksNames]' '1=%Maker%' '[SourceDisksFiles]' 'ours.sys=1' \
      '[Manufacturer]' '%Maker%=Ours,NTamd64' '[Ours.NTamd64]' '%Maker%=Install,PCI\VEN_FFF0&DEV_0001' '[Install.NT]' '[Strings]' 'Maker="Ours"' > amd64/ours.inf
    echo "no code" > amd64/ours.sys
    openssl x509 -inform DER -in ours.cer -out "$NIX_BUILD_TOP/ours.pem"
    openssl cms -sign -binary -nodetach -outform DER -in amd64/ours.inf -signer "$NIX_BUILD_TOP/ours.pem" -inkey "$NIX_BUILD_TOP/key" -out amd64/ours.cat
  '';

  image = product.makeWindowsImage {
    guestOs = "reference-guest";
    accelerator = "tcg";
    layers = [
      (layers.collapseLayers [
        layers.disable-firewall
        layers.disable-autosleep
        layers.disable-autolock
        # Again, over what is there.
        layers.disable-autolock
        layers.disable-scheduled-defrag
        layers.uac-off
        (layers.autologon.override { user = "wfvm"; password = "1%PATH%\"&2"; })
        layers.test-signing
        (layers.driver {
          source = driver;
          inf = "amd64/ours.inf";
          publishers = [ "${driver}/ours.cer" ];
          authorities = [ "${driver}/ours.cer" ];
        })
        (layers.registry {
          keys."HKLM\\SOFTWARE\\wfvm\\a key" = {
            Text = "100 %PATH% \"quoted\" back\\slash & <ü>";
            Number = 4294967295;
            Yes = true;
            List = [ "one" "two words" ];
            Expanded = { expand = "%SystemRoot%\\x"; };
            Big = { qword = 4294967296; };
            Bytes = { binary = "deadbeef"; };
            "" = "default";
          };
        })
        (layers.registry { keys."HKLM\\SOFTWARE\\wfvm\\gone".X = 1; keys."HKLM\\SOFTWARE\\wfvm\\kept" = { X = 1; Y = 2; }; })
        (layers.registry { keys."HKLM\\SOFTWARE\\wfvm\\gone" = null; keys."HKLM\\SOFTWARE\\wfvm\\kept".X = null; })
      ] // { name = "settings"; })
    ];
  };

  run = image.run {
    name = "settings";
    script = ''
      source ${./inspect.sh}
      # `reg query` says text in a code page, and Wine's says no large number.
      win-exec 'reg export "HKLM\SOFTWARE\wfvm\a key" exported.reg /y'
      win-get exported.reg
      has() { grep -qaF -- "$1" text && echo yes || echo no; }
      # All of it is ASCII but one letter, whose two bytes in UTF-16 stay visible.
      tr -d '\0\r' < exported.reg > text
      umlaut=$(printf '\374')
      fact "text arrives as it is" "$(has '"Text"="100 %PATH% \"quoted\" back\\slash & <'"$umlaut"'>"')" yes
      fact "a number" "$(has '"Number"=dword:ffffffff')" yes
      fact "a boolean" "$(has '"Yes"=dword:00000001')" yes
      fact "a list" "$(value 'HKLM\SOFTWARE\wfvm\a key' List)" 'one\0two words'
      fact "what is expanded later" "$(value 'HKLM\SOFTWARE\wfvm\a key' Expanded)" '%SystemRoot%\x'
      fact "a large number" "$(has '"Big"=hex(b):00,00,00,00,01,00,00,00')" yes
      fact "bytes" "$(has '"Bytes"=hex:de,ad,be,ef')" yes
      fact "the default value" "$(has '@="default"')" yes
      fact "a deleted key" "$(value 'HKLM\SOFTWARE\wfvm\gone' X)" ""
      fact "a deleted value" "$(value 'HKLM\SOFTWARE\wfvm\kept' X)" ""
      fact "its neighbour" "$(value 'HKLM\SOFTWARE\wfvm\kept' Y)" 0x2

      fact "the lock screen is off" "$(value 'HKLM\Software\Policies\Microsoft\Windows\Personalization' NoLockScreen)" 0x1
      key='HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
      fact "UAC is off" "$(value "$key" EnableLUA) $(value "$key" ConsentPromptBehaviorAdmin) $(value "$key" PromptOnSecureDesktop)" "0x0 0x0 0x0"
      key='HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
      fact "the account is logged on by itself" "$(value "$key" AutoAdminLogon) $(value "$key" DefaultUserName)" "1 wfvm"
      fact "with any password" "$(value "$key" DefaultPassword)" '1%PATH%"&2'
      fact "as often as it starts" "$(value "$key" AutoLogonCount)" ""

      key='HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'
      for profile in DomainProfile StandardProfile PublicProfile; do
        fact "the firewall is off in the $profile" "$(value "$key\\$profile" EnableFirewall)" 0x0
      done
      key='HKLM\SYSTEM\CurrentControlSet\Control\Power\User\PowerSchemes\381b4222-f694-41f0-9685-ff5bb260df2e'
      monitor='7516b95f-f776-4464-8c53-06167f40cc99\3c0bc021-c8a8-4e07-a973-6b14cbcb2b7e'
      standby='238c9fa8-0aad-41ed-83f4-97be242c8f20\29f6c1db-86da-48c5-9fdb-f2b67b1f44da'
      for setting in "$monitor" "$standby"; do
        fact "''${setting##*\\} never happens" "$(value "$key\\$setting" ACSettingIndex) $(value "$key\\$setting" DCSettingIndex)" "0x0 0x0"
      done
      fact "the defragmentation is off" \
        "$(win-exec 'schtasks /Query /TN "\Microsoft\Windows\Defrag\ScheduledDefrag" /FO LIST' | grep -ci disabled)" 1
      fact "test-signed drivers are loaded" "$(win-exec 'bcdedit /enum' | grep -ci 'testsigning *Yes')" 1
      fact "the driver is in the store" "$(win-exec 'pnputil /enum-drivers' | grep -c 'ours.inf')" 1
      fact "and its folder is gone" "$(there 'C:\wfvm-driver')" no
      conclude
    '';
  };
in
pkgs.runCommand "check-layers-settings" { nativeBuildInputs = [ run ]; passthru = { inherit image; }; } ''
  wfvm-run-settings
  echo 25 facts hold > $out
''
