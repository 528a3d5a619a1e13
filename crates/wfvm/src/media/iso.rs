//! A CD: ISO 9660 with Joliet, without which `Autounattend.xml` would be `AUTOUNAT.XML`.

use hadris_fs::{Content, Node, Tree};
use hadris_iso::{IsoId, IsoOptions};

use super::{MediaError, MediumFile};

pub(super) fn image(files: &[MediumFile]) -> Result<Vec<u8>, MediaError> {
    let failed = |source: std::io::Error| MediaError::FileSystem { file_system: "ISO 9660", source };
    let mut tree = Tree::new();
    for file in files {
        tree.insert(file.name, Node::file(Content::bytes(file.contents.to_vec())))
            .map_err(|error| failed(std::io::Error::other(error)))?;
    }
    // The writer reads no clock: without `with_time` all times are 1980-01-01.
    let options = IsoOptions::default().with_id(IsoId::Volume, "WFVM_ANSWER").with_joliet();
    let mut image: Vec<u8> = Vec::new();
    hadris_iso::sync::write(&mut image, &tree, &options)
        .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    Ok(image)
}
