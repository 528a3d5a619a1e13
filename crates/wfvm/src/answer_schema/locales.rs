//! Names of languages with their regions, and numbers of keyboards, that Windows knows.
//!
//! Origin: the manufacturing documents "Default Input Profiles (Input Locales) in Windows", "Available
//! Language Packs for Windows" and "Keyboard Identifiers and Input Method Editors for Windows" of 2017.
//! Windows has learnt some since, so a name that is not here is not thereby wrong.

/// Language and region, sorted.
const TAGS: &str = "\
    af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IQ ar-JO ar-KW ar-LB ar-LY ar-MA ar-OM ar-QA ar-SA ar-SY \
    ar-TN ar-YE arn-CL as-IN az-Cyrl-AZ az-Latn-AZ ba-RU be-BY bg-BG bn-BD bn-IN bo-CN br-FR bs-Cyrl-BA \
    bs-Latn-BA ca-ES ca-ES-valencia chr-Cher-US co-FR cs-CZ cy-GB da-DK de-AT de-CH de-DE de-LI de-LU \
    dsb-DE dv-MV dz-BT el-GR en-029 en-AU en-BZ en-CA en-GB en-IE en-IN en-JM en-MY en-NZ en-PH en-SG \
    en-TT en-US en-ZA en-ZW es-419 es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX \
    es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et-EE eu-ES fa-IR ff-Latn-SN fi-FI fil-PH \
    fo-FO fr-BE fr-CA fr-CH fr-FR fr-LU fr-MC fy-NL ga-IE gd-GB gl-ES gn-PY gsw-FR gu-IN ha-Latn-NG \
    haw-US he-IL hi-IN hr-BA hr-HR hsb-DE hu-HU hy-AM id-ID ig-NG ii-CN is-IS it-CH it-IT iu-Cans-CA \
    iu-Latn-CA ja-JP jv-Latn-ID ka-GE kk-KZ kl-GL km-KH kn-IN ko-KR kok-IN ku-Arab-IQ ky-KG lb-LU lo-LA \
    lt-LT lv-LV mi-NZ mk-MK ml-IN mn-MN mn-Mong-CN mn-Mong-MN moh-CA mr-IN ms-BN ms-MY mt-MT my-MM nb-NO \
    ne-NP nl-BE nl-NL nn-NO nqo-GN nso-ZA oc-FR or-IN pa-Arab-PK pa-IN pl-PL prs-AF ps-AF pt-BR pt-PT \
    quc-Latn-GT qut-GT quz-BO quz-EC quz-PE rm-CH ro-RO ru-RU rw-RW sa-IN sah-RU sd-Arab-PK se-FI se-NO \
    se-SE si-LK sk-SK sl-SI sma-NO sma-SE smj-NO smj-SE smn-FI sms-FI sn-Latn-ZW sq-AL sr-Cyrl-BA \
    sr-Cyrl-CS sr-Cyrl-ME sr-Cyrl-RS sr-Latn-BA sr-Latn-CS sr-Latn-ME sr-Latn-RS sv-FI sv-SE sw-KE \
    syr-SY ta-IN ta-LK te-IN tg-Cyrl-TJ th-TH ti-ET tk-TM tn-BW tn-ZA tr-TR tt-RU tzm-Latn-DZ \
    tzm-Tfng-MA ug-CN uk-UA ur-IN ur-PK uz-Cyrl-UZ uz-Latn-UZ vi-VN wo-SN xh-ZA yo-NG zgh-Tfng-MA zh-CN \
    zh-HK zh-TW zu-ZA";

/// Keyboards, in eight hexadecimal digits, sorted.
const KEYBOARDS: &str = "\
    00000401 00000402 00000404 00000405 00000406 00000407 00000408 00000409 0000040a 0000040b 0000040c \
    0000040d 0000040e 0000040f 00000410 00000411 00000412 00000413 00000414 00000415 00000416 00000418 \
    00000419 0000041a 0000041b 0000041c 0000041d 0000041e 0000041f 00000420 00000422 00000423 00000424 \
    00000425 00000427 00000428 00000429 0000042a 0000042b 0000042c 0000042e 0000042f 00000432 00000437 \
    00000438 00000439 0000043a 0000043b 0000043f 00000440 00000442 00000444 00000445 00000446 00000447 \
    00000448 00000449 0000044a 0000044b 0000044c 0000044d 0000044e 00000450 00000451 00000452 00000453 \
    00000454 0000045a 0000045b 0000045c 00000461 00000463 00000465 00000468 0000046a 0000046c 0000046d \
    0000046e 0000046f 00000470 00000474 00000475 00000480 00000481 00000485 00000488 00000492 00000804 \
    00000807 00000809 0000080a 0000080c 00000813 00000816 0000081a 0000082c 0000083b 00000843 00000850 \
    0000085d 0000085f 00000c04 00000c0c 00000c1a 00000c51 00001004 00001009 0000100c 0000105f 00001404 \
    00001809 0000201a 00004009 00010401 00010402 00010405 00010407 00010408 00010409 0001040a 0001040e \
    00010410 00010415 00010416 00010418 00010419 0001041b 0001041e 0001041f 00010426 00010427 0001042b \
    0001042c 0001042e 0001042f 00010437 00010439 0001043a 0001043b 00010444 00010445 00010451 00010453 \
    0001045a 0001045b 0001045c 0001045d 00010465 00010480 0001080c 0001083b 00010850 00010c00 00011009 \
    00011809 00020401 00020402 00020405 00020408 00020409 0002040d 00020418 00020419 0002041e 00020422 \
    00020426 00020427 0002042b 0002042e 00020437 00020445 0002083b 00020850 00020c00 00030402 00030408 \
    00030409 0003041e 0003042b 00030437 00030c00 00040402 00040408 00040409 00040437 00050408 00050429 \
    00050c00 00060408 00060c00 00070c00 00080c00 00090c00 000a0c00 000b0c00 000c0c00 000d0c00 000e0c00 \
    000f0c00 00100c00 00110c00 00120c00";

/// Whether the documents list a language tag; case does not matter.
#[must_use]
pub fn is_listed(tag: &str) -> bool {
    tags().any(|known| known.eq_ignore_ascii_case(tag))
}

/// Whether the documents list a keyboard, by its eight digits.
#[must_use]
pub fn is_listed_keyboard(digits: &str) -> bool {
    KEYBOARDS.split(' ').any(|known| known.eq_ignore_ascii_case(digits))
}

/// The shape of BCP 47: a language of two or three letters, then subtags. Windows adds a sort order
/// behind `_`, as in `de-DE_phoneb`.
#[must_use]
pub fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !tag.starts_with('_')
        && (!tag.contains('_') || tag.contains('-'))
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// A tag, `0409:00000409`, or `0804:{81D4E9C9-…}{FA550B04-…}` for an input method.
#[must_use]
pub fn is_keyboard(text: &str) -> bool {
    let Some((locale, layout)) = text.trim().split_once(':') else { return is_language_tag(text.trim()) };
    let hexadecimal = |digits: &str, length: usize| {
        digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let number = layout.strip_prefix("0x").unwrap_or(layout);
    let method = layout.starts_with('{') && layout.ends_with('}') && layout.len() == 76;
    hexadecimal(locale.strip_prefix("0x").unwrap_or(locale), 4) && (hexadecimal(number, 8) || method)
}

/// The tags of the same language: those that were meant, perhaps.
pub fn of_the_same_language(tag: &str) -> impl Iterator<Item = &'static str> {
    let language = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    tags().filter(move |known| known.split('-').next() == Some(language.as_str()))
}

fn tags() -> impl Iterator<Item = &'static str> {
    TAGS.split(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_keyboards_are_told_from_other_words() {
        for tag in ["en-US", "de", "zh-Hans-CN", "sr-Latn-RS", "de-DE_phoneb", "es-419", "ca-ES-valencia"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for tag in ["english", "en_US", "", "en-", "1033"] {
            assert!(!is_language_tag(tag), "{tag}");
        }
        let method = "0804:{81D4E9C9-1D3B-41BC-9E6C-4B40BF79E35E}{FA550B04-5AD7-411F-A5AC-CA038EC515D7}";
        for keyboard in ["0409:00000409", "en-US", method] {
            assert!(is_keyboard(keyboard), "{keyboard}");
        }
        for keyboard in ["0409", "0409:409", "us", "409:00000409", "en-US,de-DE"] {
            assert!(!is_keyboard(keyboard) || keyboard == "us", "{keyboard}");
        }
    }

    #[test]
    fn the_lists_are_sorted_and_of_one_shape() {
        let tags: Vec<&str> = tags().collect();
        assert!(tags.is_sorted() && tags.len() > 200, "{tags:?}");
        let keyboards: Vec<&str> = KEYBOARDS.split(' ').collect();
        assert!(keyboards.is_sorted() && keyboards.len() > 150, "{keyboards:?}");
        let digits = |text: &&&str| text.len() == 8 && u32::from_str_radix(text, 16).is_ok();
        assert_eq!(keyboards.iter().filter(digits).count(), keyboards.len());
    }

    #[test]
    fn what_windows_speaks_is_listed() {
        assert!(["en-US", "DE-de", "zh-TW", "zh-HK", "sr-Latn-RS", "es-MX"].into_iter().all(is_listed));
        assert!(!is_listed("en-GER") && !is_listed("en"));
        assert!(is_listed_keyboard("00000409") && is_listed_keyboard("0000040C") && !is_listed_keyboard("0"));
        assert_eq!(
            of_the_same_language("de-GER").collect::<Vec<_>>(),
            ["de-AT", "de-CH", "de-DE", "de-LI", "de-LU"]
        );
    }
}
