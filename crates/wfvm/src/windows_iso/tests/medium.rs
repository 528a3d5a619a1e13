//! A small medium in the layout of Windows media, with every variant that UDF allows.

use super::super::medium::Fields;

const SIZE: usize = 2048;
/// Where the partition begins.
pub(super) const PARTITION: usize = 260;
pub(super) const CATALOG: usize = 24;
pub(super) const MAIN_SEQUENCE: usize = 32;
pub(super) const RESERVE_SEQUENCE: usize = 48;

/// How file entries hold their contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Short,
    Long,
    /// Inside the file entry, where it fits.
    Inline,
    /// One descriptor per allocation extent, each pointing to the next.
    Chained,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) form: Form,
    pub(super) extended_entries: bool,
    pub(super) wide_names: bool,
    pub(super) anchor: usize,
}

pub(super) const PLAIN: Variant =
    Variant { form: Form::Short, extended_entries: false, wide_names: false, anchor: 256 };

pub(super) struct Builder {
    variant: Variant,
    pub(super) bytes: Vec<u8>,
    next: usize,
}

enum Tree<'a> {
    File(&'a [u8]),
    Directory(Vec<(&'a str, Tree<'a>)>),
}

/// The medium with these files; paths have `/` between names.
pub(super) fn medium(variant: Variant, files: &[(&str, &[u8])]) -> Vec<u8> {
    large(variant, files, 300)
}

/// One whose partition has this many blocks.
pub(super) fn large(variant: Variant, files: &[(&str, &[u8])], blocks: usize) -> Vec<u8> {
    let mut builder = Builder { variant, bytes: vec![0; (PARTITION + blocks) * SIZE], next: 1 };
    builder.volume();
    let mut root = Vec::new();
    for (path, contents) in files {
        insert(&mut root, path, contents);
    }
    let root = builder.write(&Tree::Directory(root));
    let mut file_set = vec![0; 512];
    put(&mut file_set, 400, &long(SIZE, root));
    builder.tagged(PARTITION, 256, &file_set);
    let boot = builder.place(&[1; 4096]);
    builder.catalog(boot);
    builder.bytes
}

fn insert<'a>(directory: &mut Vec<(&'a str, Tree<'a>)>, path: &'a str, contents: &'a [u8]) {
    let Some((first, rest)) = path.split_once('/') else {
        directory.push((path, Tree::File(contents)));
        return;
    };
    if !directory.iter().any(|(name, _)| *name == first) {
        directory.push((first, Tree::Directory(Vec::new())));
    }
    for (name, tree) in directory {
        if let (true, Tree::Directory(children)) = (*name == first, tree) {
            insert(children, rest, contents);
        }
    }
}

impl Builder {
    fn volume(&mut self) {
        let mut primary = vec![0; SIZE];
        put(&mut primary, 0, b"\x01CD001\x01");
        put(&mut primary, 40, b"TEST_MEDIUM                     ");
        let blocks = self.bytes.len() / SIZE;
        put(&mut primary, 80, &le(blocks));
        put(&mut primary, 128, &[0, 8]);
        self.block(16, &primary);
        let mut boot_record = vec![0; SIZE];
        put(&mut boot_record, 0, b"\0CD001\x01EL TORITO SPECIFICATION");
        put(&mut boot_record, 0x47, &le(CATALOG));
        self.block(17, &boot_record);
        self.block(18, b"\xffCD001\x01");
        self.block(19, b"\0BEA01\x01");
        self.block(20, b"\0NSR02\x01");
        self.block(21, b"\0TEA01\x01");
        let mut anchor = vec![0; 512];
        put(
            &mut anchor,
            16,
            &[le(16 * SIZE), le(MAIN_SEQUENCE), le(16 * SIZE), le(RESERVE_SEQUENCE)].concat(),
        );
        self.tagged(self.variant.anchor, 2, &anchor);
        for start in [MAIN_SEQUENCE, RESERVE_SEQUENCE] {
            let mut partition = vec![0; 512];
            put(&mut partition, 188, &[le(PARTITION), le(300)].concat());
            self.tagged(start, 5, &partition);
            let mut logical = vec![0; 446];
            put(&mut logical, 84, b"\x08Test medium");
            put(&mut logical, 84 + 127, &[12]);
            put(&mut logical, 212, &le(SIZE));
            put(&mut logical, 240, &[2, 1]);
            put(&mut logical, 248, &long(SIZE, 0));
            put(&mut logical, 264, &[le(6), le(1)].concat());
            put(&mut logical, 440, &[1, 6, 1, 0, 0, 0]);
            self.tagged(start + 1, 6, &logical);
            self.tagged(start + 2, 8, &[0; 512]);
        }
    }

    fn catalog(&mut self, boot: usize) {
        let mut catalog = vec![0; SIZE];
        put(&mut catalog, 0, &[1, 0]);
        put(&mut catalog, 30, &[0x55, 0xAA]);
        put(&mut catalog, 28, &(0_u16.wrapping_sub(0xAA55).wrapping_sub(1)).to_le_bytes());
        put(&mut catalog, 32, &[0x88, 0, 0, 0, 0, 0, 8, 0]);
        put(&mut catalog, 40, &le(PARTITION + boot));
        put(&mut catalog, 64, &[0x91, 0xEF, 1, 0]);
        put(&mut catalog, 96, &[0x88, 0, 0, 0, 0, 0, 1, 0]);
        put(&mut catalog, 104, &le(PARTITION + boot));
        self.block(CATALOG, &catalog);
    }

    /// Writes a file or directory and returns the block of its file entry.
    fn write(&mut self, tree: &Tree) -> usize {
        match tree {
            Tree::File(contents) => self.file_entry(5, contents),
            Tree::Directory(children) => {
                // The parent comes first and has no name.
                let mut data = identifier(8, &[], 0);
                for (name, child) in children {
                    let block = self.write(child);
                    let kind = if matches!(child, Tree::Directory(_)) { 2 } else { 0 };
                    let name = if self.variant.wide_names {
                        let units = name.encode_utf16().flat_map(u16::to_be_bytes);
                        std::iter::once(16).chain(units).collect()
                    } else {
                        [&[8], name.as_bytes()].concat()
                    };
                    data.extend(identifier(kind, &name, block));
                }
                self.file_entry(4, &data)
            }
        }
    }

    fn file_entry(&mut self, kind: u8, contents: &[u8]) -> usize {
        let header = if self.variant.extended_entries { 216 } else { 176 };
        let (flags, descriptors) = self.descriptors(contents, header);
        let mut entry = vec![0; header + descriptors.len()];
        put(&mut entry, 20, &[4, 0]);
        put(&mut entry, 27, &[kind]);
        put(&mut entry, 34, &[flags, 0]);
        put(&mut entry, 56, &(contents.len() as u64).to_le_bytes());
        put(&mut entry, header - 4, &le(descriptors.len()));
        put(&mut entry, header, &descriptors);
        let block = self.take();
        self.tagged(PARTITION + block, if self.variant.extended_entries { 266 } else { 261 }, &entry);
        block
    }

    fn descriptors(&mut self, contents: &[u8], header: usize) -> (u8, Vec<u8>) {
        match self.variant.form {
            Form::Inline if contents.len() <= SIZE - header => (3, contents.to_vec()),
            Form::Inline | Form::Short => {
                let block = self.place(contents);
                (0, [le(contents.len()), le(block)].concat())
            }
            // Each block is an extent of its own.
            Form::Long => {
                let block = self.place(contents);
                let pieces = contents.chunks(SIZE).zip(block..);
                (1, pieces.flat_map(|(piece, block)| long(piece.len(), block)).collect())
            }
            Form::Chained => {
                let mut next = Vec::new();
                for piece in contents.chunks(SIZE).rev() {
                    let block = self.place(piece);
                    let mut here = [le(piece.len()), le(block)].concat();
                    here.extend(next);
                    let extent = self.take();
                    let mut descriptor = vec![0; 24];
                    put(&mut descriptor, 20, &le(here.len()));
                    descriptor.extend(here);
                    self.tagged(PARTITION + extent, 258, &descriptor);
                    next = [le(SIZE | 3 << 30), le(extent)].concat();
                }
                (0, next)
            }
        }
    }

    fn take(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Contents in whole blocks.
    fn place(&mut self, contents: &[u8]) -> usize {
        let block = self.next;
        self.next += contents.len().div_ceil(SIZE);
        self.block(PARTITION + block, contents);
        block
    }

    fn block(&mut self, lba: usize, bytes: &[u8]) {
        put(&mut self.bytes, lba * SIZE, bytes);
    }

    fn tagged(&mut self, lba: usize, identifier: u16, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        put(&mut bytes, 0, &identifier.to_le_bytes());
        // Those of a file system count from their partition's beginning.
        put(&mut bytes, 12, &le(if identifier < 256 { lba } else { lba - PARTITION }));
        seal(&mut bytes);
        self.block(lba, &bytes);
    }
}

fn identifier(kind: u8, name: &[u8], block: usize) -> Vec<u8> {
    let mut record = vec![0; (38 + name.len()).next_multiple_of(4)];
    put(&mut record, 0, &257_u16.to_le_bytes());
    put(&mut record, 18, &[kind, u8::try_from(name.len()).unwrap()]);
    put(&mut record, 20, &long(SIZE, block));
    put(&mut record, 38, name);
    seal(&mut record);
    record
}

/// Computes CRC and checksum of a descriptor anew, over what its tag says or else over all of it.
pub(super) fn seal(bytes: &mut [u8]) {
    let length = match usize::from(bytes.u16(10)) {
        0 => bytes.len() - 16,
        length => length.min(bytes.len() - 16),
    };
    let mut crc = 0_u16;
    for byte in &bytes[16..16 + length] {
        for bit in (0..8).rev() {
            let carry = (crc >> 15) ^ u16::from(byte >> bit & 1);
            crc = (crc << 1) ^ (carry * 0x1021);
        }
    }
    put(bytes, 8, &crc.to_le_bytes());
    put(bytes, 10, &u16::try_from(length).unwrap().to_le_bytes());
    let sum = (0..16).filter(|at| *at != 4).fold(0_u8, |sum, at| sum.wrapping_add(bytes[at]));
    put(bytes, 4, &[sum]);
}

fn long(length: usize, block: usize) -> Vec<u8> {
    [le(length), le(block), vec![0; 8]].concat()
}

pub(super) fn le(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_le_bytes().to_vec()
}

pub(super) fn put(bytes: &mut [u8], offset: usize, with: &[u8]) {
    bytes[offset..offset + with.len()].copy_from_slice(with);
}

/// A WIM file of this XML: header, then the XML as UTF-16.
pub(super) fn wim(xml: &str) -> Vec<u8> {
    let xml: Vec<u8> = std::iter::once(0xFEFF).chain(xml.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut wim = vec![0; 208];
    put(&mut wim, 0, b"MSWIM\0\0\0");
    put(&mut wim, 8, &[le(208), le(0x10D00)].concat());
    let images = xml.windows(14).filter(|text| *text == b"<\0I\0M\0A\0G\0E\0 \0").count();
    put(&mut wim, 40, &[&[1, 0, 1, 0][..], &le(images)].concat());
    put(&mut wim, 72, &(xml.len() as u64).to_le_bytes());
    put(&mut wim, 79, &[2]);
    put(&mut wim, 80, &208_u64.to_le_bytes());
    wim.extend(xml);
    wim
}
