use super::*;

fn refusal(bytes: &[u8]) -> String {
    WindowsIso::read(io::Cursor::new(bytes)).unwrap_err().to_string()
}

#[test]
fn other_files_are_named_for_what_they_are() {
    assert_eq!(
        refusal(b"hello"),
        "this is not an ISO image: it has only 5 bytes, and a volume descriptor ends at byte 34816"
    );
    let mut page = vec![b' '; 40_000];
    page[0] = b'<';
    assert_eq!(
        refusal(&page),
        "this is not an ISO image: a page of HTML or XML, as a failed download leaves"
    );
}
