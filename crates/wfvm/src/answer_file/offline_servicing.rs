//! Settings of the image before it starts for the first time.

use super::element::flag;
use super::{Component, windows_pe};
use crate::spec::{Install, Strategy};

pub(super) fn components(spec: &Install) -> Vec<Component> {
    // Without the split administrator's token a command over SSH has all rights.
    let asks = spec.answer_file.settings.user_account_control.unwrap_or(false);
    let mut components =
        vec![Component { name: "Microsoft-Windows-LUA-Settings", settings: vec![flag("EnableLUA", asks)] }];
    // Windows PE hands on those alone that the disk needs for its first start.
    let drivers = windows_pe::given_drivers(spec);
    if !drivers.is_empty() && spec.strategy == Strategy::Setup {
        components.push(Component {
            name: "Microsoft-Windows-PnpCustomizationsNonWinPE",
            settings: vec![windows_pe::driver_paths(&drivers)],
        });
    }
    components
}
