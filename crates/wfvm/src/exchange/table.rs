//! The table that says where a file goes on, and what of the volume is spoken for.

use fs_err::{File, os::unix::fs::FileExt as _};

use super::{
    ExchangeError,
    bytes::u32_at,
    damage::Damage,
    geometry::{Geometry, usize_of},
    host,
};

/// Bytes of the table that are held at once. A chain may lead to and fro, and read as much anew
/// for each of its clusters.
const WINDOW: u64 = 4 << 10;
/// The upper four bits belong to nobody.
const NUMBER: u32 = 0x0FFF_FFFF;
const FIRST_END: u32 = 0x0FFF_FFF8;
/// In the second number: the volume was dismounted, and had no errors.
const IN_ORDER: u32 = 0x0C00_0000;

/// What is wrong with a chain, or with the host.
#[derive(Debug)]
pub(super) enum Failure {
    Damage(Damage),
    Host(ExchangeError),
}

impl From<Damage> for Failure {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// The table of a volume, read in pieces.
#[derive(Debug)]
pub(super) struct Table<'v> {
    file: &'v File,
    geometry: Geometry,
    window: Vec<u8>,
    start: u64,
}

impl<'v> Table<'v> {
    pub(super) fn new(file: &'v File, geometry: Geometry) -> Self {
        Self { file, geometry, window: Vec::new(), start: 0 }
    }

    /// What follows a cluster: another one, or nothing.
    pub(super) fn after(&mut self, cluster: u32) -> Result<Option<u32>, Failure> {
        let next = self.number(cluster).map_err(Failure::Host)? & NUMBER;
        if next >= FIRST_END {
            return Ok(None);
        }
        self.existing(next).map(Some)
    }

    /// The cluster, if there is one of this number.
    pub(super) fn existing(&self, cluster: u32) -> Result<u32, Failure> {
        if self.geometry.has(cluster) { Ok(cluster) } else { Err(Damage::NoSuchCluster { cluster }.into()) }
    }

    /// Whether the guest was done with the volume.
    pub(super) fn is_in_order(&mut self) -> Result<bool, ExchangeError> {
        Ok(self.number(1)? & IN_ORDER == IN_ORDER)
    }

    /// How many clusters belong to nobody.
    pub(super) fn free(&mut self) -> Result<u32, ExchangeError> {
        let mut free = 0;
        for cluster in 2..self.geometry.clusters().saturating_add(2) {
            free += u32::from(self.number(cluster)? & NUMBER == 0);
        }
        Ok(free)
    }

    fn number(&mut self, cluster: u32) -> Result<u32, ExchangeError> {
        let place = u64::from(cluster) * 4;
        if self.window.is_empty() || !(self.start..self.start + WINDOW).contains(&place) {
            self.start = place - place % WINDOW;
            let length = WINDOW.min(self.geometry.table_bytes().saturating_sub(self.start));
            self.window.resize(usize_of(length), 0);
            let offset = self.geometry.table(0) + self.start;
            self.file.read_exact_at(&mut self.window, offset).map_err(host)?;
        }
        Ok(u32_at(&self.window, usize_of(place - self.start)))
    }
}

/// Clusters that belong to something.
#[derive(Debug)]
pub(super) struct Claims(Vec<u64>);

impl Claims {
    pub(super) fn new(geometry: Geometry) -> Self {
        let words = (u64::from(geometry.clusters()) + 2).div_ceil(64);
        Self(vec![0; usize_of(words)])
    }

    /// Takes a cluster, which nobody else may have.
    pub(super) fn claim(&mut self, cluster: u32) -> Result<(), Failure> {
        let bit = 1_u64 << (cluster % 64);
        match self.0.get_mut(usize_of(u64::from(cluster / 64))) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                Ok(())
            }
            Some(_) => Err(Damage::Shared { cluster }.into()),
            None => Err(Damage::NoSuchCluster { cluster }.into()),
        }
    }
}
