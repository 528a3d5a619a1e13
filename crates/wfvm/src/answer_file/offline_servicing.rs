//! Settings of the image before it starts for the first time.

use super::Component;
use super::element::flag;

pub(super) fn components() -> Vec<Component> {
    // Without the split administrator's token a command over SSH has all rights.
    vec![Component { name: "Microsoft-Windows-LUA-Settings", settings: vec![flag("EnableLUA", false)] }]
}
