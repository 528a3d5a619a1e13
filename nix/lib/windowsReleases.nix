_:

let
  # By EDITIONID: the image's name on a medium in English, and the published keys, the
  # generic one of Setup first, the KMS client key last. They choose an edition and do
  # not activate it.
  client = windows: {
    Core = { image = "${windows} Home"; productKeys = [ "YTMG3-N6DKC-DKB77-7M9GH-8HVX7" ]; };
    CoreN = { image = "${windows} Home N"; productKeys = [ "4CPRK-NM3K3-X6XXQ-RXX86-WXCHW" ]; };
    CoreSingleLanguage = { image = "${windows} Home Single Language"; productKeys = [ "BT79Q-G7N6G-PGBYW-4YWX6-6F4BT" ]; };
    Professional = { image = "${windows} Pro"; productKeys = [ "VK7JG-NPHTM-C97JM-9MPGT-3V66T" "W269N-WFGWX-YVC9B-4J6C9-T83GX" ]; };
    ProfessionalN = { image = "${windows} Pro N"; productKeys = [ "2B87N-8KFHP-DKV6R-Y2C8J-PKCKT" "MH37W-N47XK-V7XM9-C7227-GCQG9" ]; };
    ProfessionalEducation = { image = "${windows} Pro Education"; productKeys = [ "8PTT6-RNW4C-6V7J2-C2D3X-MHBPB" "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y" ]; };
    ProfessionalEducationN = { image = "${windows} Pro Education N"; productKeys = [ "GJTYN-HDMQY-FRR76-HVGC7-QPF8P" "YVWGF-BXNMC-HTQYQ-CPQ99-66QFC" ]; };
    ProfessionalWorkstation = { image = "${windows} Pro for Workstations"; productKeys = [ "DXG7C-N36C4-C4HTG-X4T3X-2YV77" "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J" ]; };
    ProfessionalWorkstationN = { image = "${windows} Pro N for Workstations"; productKeys = [ "WYPNQ-8C467-V2W6J-TX4WX-WT2RQ" "9FNHH-K3HBT-3W4TD-6383H-6XYWF" ]; };
    Education = { image = "${windows} Education"; productKeys = [ "YNMGQ-8RYV3-4PGQ3-C8XTP-7CFBY" "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2" ]; };
    EducationN = { image = "${windows} Education N"; productKeys = [ "84NGF-MHBT6-FXBX8-QWJK7-DRR8H" "2WH4N-8QGBV-H22JP-CT43Q-MDWWJ" ]; };
    Enterprise = { image = "${windows} Enterprise"; productKeys = [ "XGVPP-NMH47-7TTHJ-W3FW7-8HV2C" "NPPR9-FWDCX-D2C8J-H872K-2YT43" ]; };
    EnterpriseN = { image = "${windows} Enterprise N"; productKeys = [ "WGGHN-J84D6-QYCPR-T7PJ7-X766F" "DPH2V-TTNVB-4X9Q3-TJR4H-KHJW4" ]; };
  };

  # Media of Windows Server have each edition with and without a desktop, of one EDITIONID.
  server = year: standard: datacenter:
    let windows = "Windows Server ${year}"; in {
      ServerStandard = { image = "${windows} SERVERSTANDARD"; productKeys = [ standard ]; };
      ServerStandardCore = { image = "${windows} SERVERSTANDARDCORE"; productKeys = [ standard ]; };
      ServerDatacenter = { image = "${windows} SERVERDATACENTER"; productKeys = [ datacenter ]; };
      ServerDatacenterCore = { image = "${windows} SERVERDATACENTERCORE"; productKeys = [ datacenter ]; };
    };

  # Everything of Microsoft's is installed by what is known of Windows 10 and 11.
  windows = {
    guestOs = "windows-11";
    size = 64 * 1024;
    memSize = 4096;
    # Windows 11's own requirements are higher, and are bypassed where a machine has less.
    minimum = { size = 20 * 1024; memSize = 2048; };
  };

  serverRelease = year: build: keys: windows // {
    name = "windows-server-${year}";
    fullName = "Windows Server ${year} (x86_64)";
    builds = { ${year} = build; };
    edition = "ServerStandard";
    editions = server year (builtins.elemAt keys 0) (builtins.elemAt keys 1);
  };
in
/** What is known of each release of Windows, as debDistros says it of Linux: each value
   has the arguments that makeImageFromWindowsIso takes for it, so that

   makeImageFromWindowsIso (windowsReleases.windows11x86_64 // { iso = ./my.iso; })

   is an image, and beside these, for reading, its builds, its editions with their
   published keys, and the least that Setup takes, in MiB.

   # Type

   windowsReleases :: { NAME :: { name, fullName, guestOs, builds, edition, editions, size, memSize, minimum, iso ? } } */
{
  windows10x86_64 = windows // {
    name = "windows-10";
    fullName = "Windows 10 (x86_64)";
    builds = { "22H2" = 19045; };
    edition = "Professional";
    editions = client "Windows 10";
  };

  windows11x86_64 = windows // {
    name = "windows-11";
    fullName = "Windows 11 (x86_64)";
    builds = { "23H2" = 22631; "24H2" = 26100; "25H2" = 26200; };
    edition = "Professional";
    editions = client "Windows 11";
  };

  # Its media have one image, whose name differs from one to the other.
  windows11ltsc2024x86_64 = windows // {
    name = "windows-11-ltsc-2024";
    fullName = "Windows 11 Enterprise LTSC 2024 (x86_64)";
    builds = { "24H2" = 26100; };
    edition = { index = 1; };
    editions = {
      EnterpriseS.productKeys = [ "M7XTQ-FN8P6-TTKYV-9D4CC-J462D" ];
      EnterpriseSN.productKeys = [ "92NFX-8DJQP-P6BBQ-THF9C-7CG2H" ];
    };
  };

  windowsserver2019x86_64 = serverRelease "2019" 17763 [ "N69G4-B89J2-4G8F4-WWYCC-J464C" "WMDGN-G9PQG-XVVXX-R3X43-63DFG" ];
  windowsserver2022x86_64 = serverRelease "2022" 20348 [ "VDYBN-27WPP-V4HQT-9VMD4-VMK7H" "WX4NM-KYWYW-QJJR4-XV3QB-6VM33" ];
  windowsserver2025x86_64 = serverRelease "2025" 26100 [ "TVRH6-WHNXV-R9WG3-9XRFY-MY832" "D764K-2NDRG-47T6Q-P8T8W-YP6DF" ];

  # Needs no medium of yours, no licence and no KVM.
  referenceguestx86_64 = {
    name = "reference-guest";
    fullName = "Reference guest (x86_64)";
    guestOs = "reference-guest";
    accelerator = "tcg";
    iso = null;
    builds = { "21H1" = 19043; };
    edition = "ReferenceStandard";
    editions = {
      ReferenceStandard = { image = "Reference Guest Standard"; productKeys = [ "RGSTD-22222-33333-44444-55555" ]; };
      ReferenceDatacenter = { image = "Reference Guest Datacenter"; productKeys = [ "RGDAT-22222-33333-44444-55555" ]; };
    };
    size = 4 * 1024;
    memSize = 1536;
    minimum = { size = 1024; memSize = 512; };
  };
}
