//! The rules for names, docs/reference/store-volume.md.

use super::super::names::{compressed, names};

fn one(host: &[u8]) -> String {
    names([host]).remove(0)
}

#[test]
fn names_of_windows_stay_as_they_are() {
    for name in ["a b.txt", ".hidden", "ä", "日本語", "🐈.txt", "com", "COM10", "aux-1", "a'b&c(1)%x%.exe"]
    {
        assert_eq!(one(name.as_bytes()), name);
    }
}

#[test]
fn what_windows_cannot_have_goes_to_the_private_page() {
    for (host, name) in [
        (&b"Foo::Bar.3pm"[..], "Foo\u{f03a}\u{f03a}Bar.3pm"),
        (b"a?*<>|\"\\b", "a\u{f03f}\u{f02a}\u{f03c}\u{f03e}\u{f07c}\u{f022}\u{f05c}b"),
        (b"a\tb\x01", "a\u{f009}b\u{f001}"),
        (b"a. .", "a\u{f02e}\u{f020}\u{f02e}"),
        (b"...", "\u{f02e}\u{f02e}\u{f02e}"),
        (b"caf\xe9", "caf\u{f0e9}"),
    ] {
        assert_eq!(one(host), name);
    }
}

#[test]
fn names_of_devices_get_a_number_before_their_extension() {
    for (host, name) in [
        ("aux.h", "aux~1.h"),
        ("NUL", "NUL~1"),
        ("Com1.tar.gz", "Com1~1.tar.gz"),
        ("con .txt", "con ~1.txt"),
        ("LPT²", "LPT²~1"),
    ] {
        assert_eq!(one(host.as_bytes()), name);
    }
}

#[test]
fn the_second_of_names_that_differ_in_case_gets_a_number() {
    let hosts: [&[u8]; 7] =
        [b"Makefile", b"XT_mark.h", b"makeFILE", b"makefile", b"makefile~2", b"xt_MARK.h", b"xt_mark.h"];
    assert_eq!(
        names(hosts),
        ["Makefile", "XT_mark.h", "makeFILE~3", "makefile~4", "makefile~2", "xt_MARK~2.h", "xt_mark~3.h"]
    );
    assert_eq!(names(["É.txt".as_bytes(), "é.txt".as_bytes()]), ["É.txt", "é~2.txt"]);
    // What is moved may meet what was there.
    assert_eq!(names([&b"a:"[..], "a\u{f03a}".as_bytes()]), ["a\u{f03a}", "a\u{f03a}~2"]);
}

#[test]
fn a_name_that_udf_has_no_room_for_is_shortened_and_stays_unique() {
    let fits = |name: &str| compressed(name).len() <= 255;
    let (long, longest) = ("x".repeat(254), "x".repeat(255));
    assert_eq!(one(long.as_bytes()), long);
    let short = one(longest.as_bytes());
    assert!(fits(&short) && short.len() == 254 && short.starts_with("xxx") && short.contains('~'), "{short}");
    // 127 units of two bytes fit, and 128 do not.
    let wide = "ж".repeat(127);
    assert_eq!(one(wide.as_bytes()), wide);
    let mixed = format!("{}ж.tar.gz", "y".repeat(200));
    let short = one(mixed.as_bytes());
    assert!(fits(&short) && short.rsplit('.').next() == Some("gz"), "{short}");
    let others: Vec<String> = (0..50).map(|n| format!("{}ж{n}.gz", "y".repeat(200))).collect();
    let all = names(others.iter().map(String::as_bytes));
    let distinct: std::collections::HashSet<String> = all.iter().map(|name| name.to_uppercase()).collect();
    assert_eq!(distinct.len(), 50);
    assert!(all.iter().all(|name| fits(name)));
    // Both rules at once: no room for a number either.
    let both = names([long.to_uppercase().as_bytes(), long.as_bytes()]);
    assert!(both.iter().all(|name| fits(name)) && both[1].ends_with("~2"), "{both:?}");
}

#[test]
fn cats_are_two_units() {
    assert_eq!(compressed("🐈"), [16, 0xd8, 0x3d, 0xdc, 0x08]);
    assert_eq!(compressed("ä"), [8, 0xe4]);
}

#[test]
fn a_hundred_thousand_names_that_differ_in_case_alone_are_named_at_once() {
    let spelling = |number: u32| -> Vec<u8> {
        let upper = |bit: u32| if number >> bit & 1 == 1 { b'A' } else { b'a' };
        (0..17).map(upper).collect()
    };
    let hosts: Vec<Vec<u8>> = (0..100_000).map(spelling).collect();
    let named = names(hosts.iter().map(Vec::as_slice));
    let distinct: std::collections::HashSet<String> = named.iter().map(|name| name.to_uppercase()).collect();
    assert_eq!(distinct.len(), hosts.len());
}
