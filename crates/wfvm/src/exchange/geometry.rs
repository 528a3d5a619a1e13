//! Where everything lies on the disk: Microsoft's "FAT: General Overview of On-Disk Format".

use super::{
    bytes::{put, u8_at, u16_at, u32_at},
    damage::Damage,
};

pub(super) const SECTOR: u64 = 512;
const SECTOR_BYTES: u16 = 512;
/// Where the partition begins: aligned as Windows aligns its own. Windows remembers the letter
/// of a partition by the disk's signature and this place.
const PARTITION_SECTOR: u32 = 2048;
/// "WFVM" on the disk.
const DISK_SIGNATURE: [u8; 4] = *b"WFVM";
/// FAT32 with addresses by logical block.
const PARTITION_TYPE: u8 = 0x0C;
/// Sectors before the tables, as Windows has them at least: boot sector, `FSInfo`, copies.
const RESERVED: u32 = 32;
const FSINFO_SECTOR: u32 = 1;
const BACKUP_SECTOR: u32 = 6;
const TABLES: u32 = 2;
/// Fewer clusters are FAT16, whatever the boot sector says.
const FEWEST_CLUSTERS: u32 = 65_525;
/// The numbers above these mark bad clusters and ends.
const MOST_CLUSTERS: u32 = 0x0FFF_FFF5;
pub(super) const ROOT_CLUSTER: u32 = 2;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Sectors per cluster for disks up to a size.
const CLUSTERS: [(u64, u32); 4] = [(260 * MIB, 1), (8 * GIB, 8), (16 * GIB, 16), (32 * GIB, 32)];

/// A volume of FAT32 in the one partition of a disk. Offsets are those of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Of the partition.
    sectors: u32,
    reserved: u32,
    tables: u32,
    sectors_per_table: u32,
    sectors_per_cluster: u32,
    /// The first cluster of the root directory.
    pub(super) root: u32,
}

impl Geometry {
    /// For a new disk; its size is a whole number of MiB between the bounds.
    pub(super) fn of_size(bytes: u64) -> Option<Self> {
        let sectors = u32::try_from(bytes / SECTOR).ok()?.checked_sub(PARTITION_SECTOR)?;
        // Windows' own choice by the size of the volume.
        let sectors_per_cluster =
            CLUSTERS.iter().find(|(most, _)| bytes <= *most).map_or(64, |(_, own)| *own);
        let most_clusters = sectors.checked_sub(RESERVED)? / sectors_per_cluster;
        let sectors_per_table = (most_clusters.checked_add(2)?).div_ceil(128);
        let before_data = RESERVED + TABLES * sectors_per_table;
        // The data begins at a multiple of a cluster, so that none lies across two pages.
        let reserved = RESERVED + before_data.next_multiple_of(sectors_per_cluster) - before_data;
        let geometry = Self {
            sectors,
            reserved,
            tables: TABLES,
            sectors_per_table,
            sectors_per_cluster,
            root: ROOT_CLUSTER,
        };
        (geometry.clusters() >= FEWEST_CLUSTERS).then_some(geometry)
    }

    /// From the first sector of a disk and the first of its partition.
    pub(super) fn parse(disk: &[u8], boot: &[u8], bytes: u64) -> Result<Self, Damage> {
        let sectors = u32_at(boot, 32);
        let partition = Self::partition(disk, bytes)?;
        if u16_at(boot, 510) != 0xAA55 || boot.get(82..87) != Some(b"FAT32") {
            return Err(Damage::NotFat32);
        }
        let wrong = |field: &'static str, value: u32| Err(Damage::BootSector { field, value });
        let geometry = Self {
            sectors,
            reserved: u16_at(boot, 14).into(),
            tables: u8_at(boot, 16).into(),
            sectors_per_table: u32_at(boot, 36),
            sectors_per_cluster: u8_at(boot, 13).into(),
            root: u32_at(boot, 44),
        };
        if u16_at(boot, 11) != SECTOR_BYTES {
            return wrong("bytes per sector", u16_at(boot, 11).into());
        }
        if !geometry.sectors_per_cluster.is_power_of_two() {
            return wrong("sectors per cluster", geometry.sectors_per_cluster);
        }
        if geometry.reserved == 0 {
            return wrong("reserved sectors", 0);
        }
        if !(1..=2).contains(&geometry.tables) {
            return wrong("number of tables", geometry.tables);
        }
        if u16_at(boot, 17) != 0 {
            return wrong("entries of a fixed root directory", u16_at(boot, 17).into());
        }
        if sectors == 0 || sectors > partition {
            return wrong("sectors", sectors);
        }
        // One table alone is in use, and which one stands in the same number.
        if u16_at(boot, 40) & 0x80 != 0 {
            return wrong("flags", u16_at(boot, 40).into());
        }
        if u16_at(boot, 42) != 0 {
            return wrong("version", u16_at(boot, 42).into());
        }
        let clusters = geometry.clusters();
        if !(FEWEST_CLUSTERS..=MOST_CLUSTERS).contains(&clusters) {
            return wrong("number of clusters", clusters);
        }
        if u64::from(geometry.sectors_per_table) * 128 < u64::from(clusters) + 2 {
            return wrong("sectors per table", geometry.sectors_per_table);
        }
        if !geometry.has(geometry.root) {
            return wrong("cluster of the root directory", geometry.root);
        }
        Ok(geometry)
    }

    /// The sectors of the one partition.
    fn partition(disk: &[u8], bytes: u64) -> Result<u32, Damage> {
        let (start, sectors) = (u32_at(disk, 0x1C6), u32_at(disk, 0x1CA));
        let room = (bytes / SECTOR).saturating_sub(PARTITION_SECTOR.into());
        let known = u16_at(disk, 510) == 0xAA55
            && u8_at(disk, 0x1C2) == PARTITION_TYPE
            && start == PARTITION_SECTOR
            && u64::from(sectors) <= room;
        if known { Ok(sectors) } else { Err(Damage::Partition) }
    }

    /// How many clusters there are; their numbers begin with 2.
    pub(super) fn clusters(self) -> u32 {
        let tables = self.tables.saturating_mul(self.sectors_per_table);
        let data = self.sectors.saturating_sub(self.reserved.saturating_add(tables));
        data / self.sectors_per_cluster.max(1)
    }

    /// Whether there is a cluster of this number.
    pub(super) fn has(self, cluster: u32) -> bool {
        cluster.checked_sub(2).is_some_and(|index| index < self.clusters())
    }

    /// Bytes of a cluster.
    pub(super) fn cluster_bytes(self) -> u32 {
        self.sectors_per_cluster * u32::from(SECTOR_BYTES)
    }

    /// How many clusters so many bytes take.
    pub(super) fn clusters_for(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster_bytes().into())
    }

    /// Where a table begins.
    pub(super) fn table(self, index: u32) -> u64 {
        let before = u64::from(PARTITION_SECTOR) + u64::from(self.reserved);
        (before + u64::from(index) * u64::from(self.sectors_per_table)) * SECTOR
    }

    /// How many tables there are.
    pub(super) fn tables(self) -> u32 {
        self.tables
    }

    /// Bytes of a table that speak of clusters.
    pub(super) fn table_bytes(self) -> u64 {
        (u64::from(self.clusters()) + 2) * 4
    }

    /// Where a cluster lies.
    pub(super) fn offset(self, cluster: u32) -> u64 {
        let index = u64::from(cluster.saturating_sub(2));
        self.table(self.tables) + index * u64::from(self.cluster_bytes())
    }

    /// Where the partition begins.
    pub(super) fn boot_offset() -> u64 {
        u64::from(PARTITION_SECTOR) * SECTOR
    }

    /// The disk's first sector: one partition.
    pub(super) fn master_boot_record(self) -> Vec<u8> {
        let mut record = sector();
        put(&mut record, 0x1B8, &DISK_SIGNATURE);
        // Cylinder, head and sector that say "beyond what they can address".
        put(&mut record, 0x1BE, &[0x00, 0xFE, 0xFF, 0xFF, PARTITION_TYPE, 0xFE, 0xFF, 0xFF]);
        put(&mut record, 0x1C6, &PARTITION_SECTOR.to_le_bytes());
        put(&mut record, 0x1CA, &self.sectors.to_le_bytes());
        put(&mut record, 510, &[0x55, 0xAA]);
        record
    }

    /// The sectors before the tables, with `used` clusters in a row from the first one.
    pub(super) fn reserved_sectors(self, label: &[u8; 11], volume_id: u32, used: u32) -> Vec<u8> {
        let (boot, information) = (self.boot_sector(label, volume_id), self.information(used));
        let mut sectors = vec![0; usize_of(u64::from(self.reserved) * SECTOR)];
        for start in [0, BACKUP_SECTOR] {
            let at = |sector: u32| usize_of(u64::from(start + sector) * SECTOR);
            put(&mut sectors, at(0), &boot);
            put(&mut sectors, at(FSINFO_SECTOR), &information);
            put(&mut sectors, at(2) + 510, &[0x55, 0xAA]);
        }
        sectors
    }

    fn boot_sector(self, label: &[u8; 11], volume_id: u32) -> Vec<u8> {
        let mut boot = sector();
        // A jump over the parameters to a loop: nobody boots from here.
        put(&mut boot, 0, &[0xEB, 0x58, 0x90]);
        put(&mut boot, 3, b"MSWIN4.1");
        put(&mut boot, 11, &SECTOR_BYTES.to_le_bytes());
        put(&mut boot, 13, &self.sectors_per_cluster.to_le_bytes()[..1]);
        put(&mut boot, 14, &self.reserved.to_le_bytes()[..2]);
        put(&mut boot, 16, &self.tables.to_le_bytes()[..1]);
        put(&mut boot, 21, &[0xF8]);
        put(&mut boot, 24, &[63, 0, 255, 0]);
        put(&mut boot, 28, &PARTITION_SECTOR.to_le_bytes());
        put(&mut boot, 32, &self.sectors.to_le_bytes());
        put(&mut boot, 36, &self.sectors_per_table.to_le_bytes());
        put(&mut boot, 44, &self.root.to_le_bytes());
        put(&mut boot, 48, &FSINFO_SECTOR.to_le_bytes()[..2]);
        put(&mut boot, 50, &BACKUP_SECTOR.to_le_bytes()[..2]);
        put(&mut boot, 64, &[0x80, 0x00, 0x29]);
        put(&mut boot, 67, &volume_id.to_le_bytes());
        put(&mut boot, 71, label);
        put(&mut boot, 82, b"FAT32   ");
        put(&mut boot, 90, &[0xEB, 0xFE]);
        put(&mut boot, 510, &[0x55, 0xAA]);
        boot
    }

    fn information(self, used: u32) -> Vec<u8> {
        let mut information = sector();
        put(&mut information, 0, b"RRaA");
        put(&mut information, 484, b"rrAa");
        put(&mut information, 488, &self.clusters().saturating_sub(used).to_le_bytes());
        put(&mut information, 492, &used.saturating_add(2).to_le_bytes());
        put(&mut information, 510, &[0x55, 0xAA]);
        information
    }
}

/// Whether a boot sector says that the volume is in use: Linux' mark, which Windows knows as well.
pub(super) fn is_marked_dirty(boot: &[u8]) -> bool {
    u8_at(boot, 65) & 1 != 0
}

/// The least and the greatest size of a disk.
pub(super) const BOUNDS: std::ops::RangeInclusive<u64> = 64 * MIB..=1024 * GIB;

fn sector() -> Vec<u8> {
    vec![0; usize_of(SECTOR)]
}

/// A size of what is held in memory.
pub(super) fn usize_of(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
