//! The pages of the rules are those of the code.

use std::collections::BTreeSet;
use std::path::Path;

use wfvm::lint;

use crate::case::assert_golden;

#[test]
fn every_rule_has_its_page_and_no_page_is_left_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint");
    assert_golden(&folder, "rules.md", &lint::index_page());
    let mut names = BTreeSet::from(["rules.md".to_owned()]);
    for rule in lint::rules() {
        let name = format!("{}.md", rule.id);
        assert_golden(&folder, &name, &lint::page(rule));
        names.insert(name);
    }
    let there: BTreeSet<String> = fs_err::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{error}"))
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, names, "docs/lint has other pages than there are rules");
}
