//! The editions of Windows with their published keys: each stands here once, whatever
//! number of releases has it.

/// An edition, what its images are called, and the keys that choose it in Setup. They do
/// not activate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// `EDITIONID` of the image.
    pub id: &'static str,
    /// What follows the product's name in the name of its image; media in English.
    pub image: &'static str,
    /// The generic key of retail media, with which Setup goes past its page.
    pub retail_key: Option<&'static str>,
    /// The KMS client key that Microsoft publishes for volume media.
    pub volume_key: Option<&'static str>,
}

impl Edition {
    /// Its published keys: that of retail media first.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.retail_key.into_iter().chain(self.volume_key)
    }

    /// Whether it is a time-limited evaluation, which takes no key.
    #[must_use]
    pub fn is_evaluation(&self) -> bool {
        is_evaluation(self.id)
    }
}

/// Whether an `EDITIONID` is that of an evaluation.
#[must_use]
pub fn is_evaluation(edition_id: &str) -> bool {
    edition_id.ends_with("Eval")
}

const fn edition(
    id: &'static str,
    image: &'static str,
    retail: &'static str,
    volume: &'static str,
) -> Edition {
    Edition { id, image, retail_key: published(retail), volume_key: published(volume) }
}

/// An empty column of a table is a key that nobody publishes.
const fn published(key: &'static str) -> Option<&'static str> {
    if key.is_empty() { None } else { Some(key) }
}

/// Those of Windows 10 and 11: the keys did not change between them. The generic ones are
/// those that an installation without a licence uses; the others stand in Microsoft's "Key
/// Management Services (KMS) client activation and product keys".
pub(super) const CLIENT: &[Edition] = &[
    edition("Core", "Home", "YTMG3-N6DKC-DKB77-7M9GH-8HVX7", ""),
    edition("CoreN", "Home N", "4CPRK-NM3K3-X6XXQ-RXX86-WXCHW", ""),
    edition("CoreSingleLanguage", "Home Single Language", "BT79Q-G7N6G-PGBYW-4YWX6-6F4BT", ""),
    edition("Professional", "Pro", "VK7JG-NPHTM-C97JM-9MPGT-3V66T", "W269N-WFGWX-YVC9B-4J6C9-T83GX"),
    edition("ProfessionalN", "Pro N", "2B87N-8KFHP-DKV6R-Y2C8J-PKCKT", "MH37W-N47XK-V7XM9-C7227-GCQG9"),
    edition(
        "ProfessionalEducation",
        "Pro Education",
        "8PTT6-RNW4C-6V7J2-C2D3X-MHBPB",
        "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y",
    ),
    edition(
        "ProfessionalEducationN",
        "Pro Education N",
        "GJTYN-HDMQY-FRR76-HVGC7-QPF8P",
        "YVWGF-BXNMC-HTQYQ-CPQ99-66QFC",
    ),
    edition(
        "ProfessionalWorkstation",
        "Pro for Workstations",
        "DXG7C-N36C4-C4HTG-X4T3X-2YV77",
        "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J",
    ),
    edition(
        "ProfessionalWorkstationN",
        "Pro N for Workstations",
        "WYPNQ-8C467-V2W6J-TX4WX-WT2RQ",
        "9FNHH-K3HBT-3W4TD-6383H-6XYWF",
    ),
    edition("Education", "Education", "YNMGQ-8RYV3-4PGQ3-C8XTP-7CFBY", "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2"),
    edition("EducationN", "Education N", "84NGF-MHBT6-FXBX8-QWJK7-DRR8H", "2WH4N-8QGBV-H22JP-CT43Q-MDWWJ"),
    edition("Enterprise", "Enterprise", "XGVPP-NMH47-7TTHJ-W3FW7-8HV2C", "NPPR9-FWDCX-D2C8J-H872K-2YT43"),
    edition("EnterpriseN", "Enterprise N", "WGGHN-J84D6-QYCPR-T7PJ7-X766F", "DPH2V-TTNVB-4X9Q3-TJR4H-KHJW4"),
    edition("EnterpriseS", "Enterprise LTSC", "", "M7XTQ-FN8P6-TTKYV-9D4CC-J462D"),
    edition("EnterpriseSN", "Enterprise N LTSC", "", "92NFX-8DJQP-P6BBQ-THF9C-7CG2H"),
    edition("EnterpriseEval", "Enterprise Evaluation", "", ""),
    edition("EnterpriseNEval", "Enterprise N Evaluation", "", ""),
    edition("EnterpriseSEval", "Enterprise LTSC Evaluation", "", ""),
];

/// Those of a Windows Server: each release has keys of its own, and the retail media take
/// the KMS client keys too.
pub(super) const fn server(standard: &'static str, datacenter: &'static str) -> [Edition; 4] {
    [
        edition("ServerStandard", "SERVERSTANDARD", "", standard),
        edition("ServerDatacenter", "SERVERDATACENTER", "", datacenter),
        edition("ServerStandardEval", "SERVERSTANDARD", "", ""),
        edition("ServerDatacenterEval", "SERVERDATACENTER", "", ""),
    ]
}

/// The edition for machines of Azure, which later servers have as well.
pub(super) const fn azure(datacenter: &'static str) -> Edition {
    edition("ServerTurbine", "SERVERTURBINE", "", datacenter)
}
