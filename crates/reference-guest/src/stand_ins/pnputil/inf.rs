//! INF files: sections, strings and what a driver package is made of (Microsoft: "Overview of INF files").

use crate::system_files;

/// Errors of setupapi.h.
pub(super) const ERROR_GENERAL_SYNTAX: u32 = 0xE000_0003;
pub(super) const ERROR_WRONG_INF_STYLE: u32 = 0xE000_0100;
pub(super) const ERROR_SECTION_NOT_FOUND: u32 = 0xE000_0101;

/// The architectures' decorations that concern a 64-bit system.
const DECORATIONS: [&str; 2] = ["", ".amd64"];

type Line = (String, Vec<String>);

/// An INF file's sections, in its order.
#[derive(Debug)]
pub(super) struct Inf {
    sections: Vec<(String, Vec<Line>)>,
}

/// What `[Version]` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) class: String,
    pub(super) class_guid: String,
    pub(super) provider: String,
    /// Date and version, as they stand there.
    pub(super) driver: String,
    pub(super) catalog: Option<String>,
}

impl Inf {
    /// # Errors
    /// The code of setupapi.h for a file that is no INF.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, u32> {
        let mut sections: Vec<(String, Vec<Line>)> = Vec::new();
        let text = system_files::decode(bytes).replace("\\\r\n", " ").replace("\\\n", " ");
        for line in text.lines() {
            let line = without_comment(line);
            if line.is_empty() {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let name = name.strip_suffix(']').ok_or(ERROR_GENERAL_SYNTAX)?.trim();
                if !sections.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                    sections.push((name.to_owned(), Vec::new()));
                }
                // Sections of one name are one section: it is filled where it is.
                let at = sections.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
                if let Some(section) = at.map(|at| sections.remove(at)) {
                    sections.push(section);
                }
                continue;
            }
            let Some((_, lines)) = sections.last_mut() else { return Err(ERROR_WRONG_INF_STYLE) };
            let (key, values) =
                split_outside_quotes(line, '=').map_or(("", line), |(key, values)| (key, values));
            lines.push((unquoted(key), values_of(values)));
        }
        Ok(Self { sections })
    }

    fn lines(&self, section: &str) -> Option<&[Line]> {
        let found = self.sections.iter().find(|(name, _)| name.eq_ignore_ascii_case(section))?;
        Some(&found.1)
    }

    /// A text with its %tokens% replaced by what `[Strings]` says.
    fn expanded(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            expanded.push_str(before);
            let Some((token, after)) = after.split_once('%') else {
                expanded.push('%');
                rest = after;
                continue;
            };
            match self.value("Strings", token) {
                Some(value) if !token.is_empty() => expanded.push_str(value),
                _ => expanded.extend(["%", token, "%"]),
            }
            rest = after;
        }
        expanded + rest
    }

    fn value(&self, section: &str, key: &str) -> Option<&str> {
        let line = self.lines(section)?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        line.1.first().map(String::as_str)
    }

    /// # Errors
    /// The code of setupapi.h for a driver package that cannot be.
    pub(super) fn version(&self) -> Result<Version, u32> {
        let lines = self.lines("Version").ok_or(ERROR_WRONG_INF_STYLE)?;
        let text = |key: &str| {
            let line = lines.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            Some(self.expanded(&line.1.join(",")))
        };
        let signature = text("Signature").unwrap_or_default();
        if !["$windows nt$", "$chicago$"].contains(&signature.to_ascii_lowercase().as_str()) {
            return Err(ERROR_WRONG_INF_STYLE);
        }
        // What "INF Version Section" calls required for a driver package.
        let required = |key: &str| text(key).filter(|text| !text.is_empty()).ok_or(ERROR_SECTION_NOT_FOUND);
        Ok(Version {
            class: required("Class")?,
            class_guid: required("ClassGuid")?.to_ascii_lowercase(),
            provider: required("Provider")?,
            driver: required("DriverVer")?.split(',').map(str::trim).collect::<Vec<_>>().join(" "),
            catalog: text("CatalogFile.NTamd64")
                .or_else(|| text("CatalogFile.NT"))
                .or_else(|| text("CatalogFile")),
        })
    }

    /// The files of the package, below the directory of the INF.
    pub(super) fn source_files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for decoration in DECORATIONS {
            let directory_of = |disk: &str| {
                let names =
                    DECORATIONS.iter().filter_map(|one| self.lines(&format!("SourceDisksNames{one}")));
                let line = names.flatten().find(|(name, _)| name == disk)?;
                line.1.get(3).map(|path| path.trim_matches('\\').replace('\\', "/"))
            };
            for (name, values) in self.lines(&format!("SourceDisksFiles{decoration}")).unwrap_or(&[]) {
                let (disk, below) =
                    (values.first().map_or("", String::as_str), values.get(1).map_or("", String::as_str));
                let parts =
                    [directory_of(disk).unwrap_or_default(), below.replace('\\', "/"), self.expanded(name)];
                files.push(
                    parts
                        .iter()
                        .map(|part| part.trim_matches('/'))
                        .filter(|part| !part.is_empty())
                        .collect::<Vec<_>>()
                        .join("/"),
                );
            }
        }
        files
    }

    /// The hardware identifiers of all models for this architecture, in upper case.
    pub(super) fn hardware_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (_, values) in self.lines("Manufacturer").unwrap_or(&[]) {
            let Some((models, decorations)) = values.split_first() else { continue };
            let decorated = decorations
                .iter()
                .filter(|one| one.to_ascii_lowercase().starts_with("ntamd64"))
                .map(|one| format!("{models}.{one}"));
            for section in decorated.chain([models.clone()]) {
                for (_, values) in self.lines(&section).unwrap_or(&[]) {
                    ids.extend(
                        values
                            .iter()
                            .skip(1)
                            .filter(|id| !id.is_empty())
                            .map(|id| self.expanded(id).to_ascii_uppercase()),
                    );
                }
            }
        }
        ids
    }
}

/// A line up to a semicolon that stands outside quotes.
fn without_comment(line: &str) -> &str {
    split_outside_quotes(line, ';').map_or(line, |(before, _)| before).trim()
}

fn split_outside_quotes(line: &str, separator: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        if c == '"' {
            quoted = !quoted;
        } else if c == separator && !quoted {
            return Some((line.get(..at)?, line.get(at + c.len_utf8()..)?));
        }
    }
    None
}

fn values_of(mut text: &str) -> Vec<String> {
    let mut values = Vec::new();
    while let Some((value, rest)) = split_outside_quotes(text, ',') {
        values.push(unquoted(value));
        text = rest;
    }
    values.push(unquoted(text));
    values
}

/// Without the quotes around; two quotes inside are one.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .map_or_else(|| text.to_owned(), |inner| inner.replace("\"\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const SERIAL: &str = "; a comment\r\n[Version]\r\nSignature = \"$WINDOWS NT$\" ; why\r\nClass=System\r\n\
        ClassGuid={4D36E97D-E325-11CE-BFC1-08002BE10318}\r\nProvider=%Maker%\r\nDriverVer = 07/09/2020,1.2.3.4\r\n\
        CatalogFile=serial.cat\r\n[SourceDisksNames]\r\n1 = %Disk%,,,\\amd64\r\n[SourceDisksFiles]\r\nserial.sys = 1,,\r\n\
        [Manufacturer]\r\n%Maker% = Serial,NTx86,NTamd64.10.0\r\n[Serial.NTx86]\r\n\"Old\" = Install, PCI\\VEN_0000\r\n\
        [Serial.NTamd64.10.0]\r\n%Maker% = Install, PCI\\VEN_1af4&DEV_1003&SUBSYS_00031AF4, \\\r\n PCI\\VEN_1AF4&DEV_1003\r\n\
        [Strings]\r\nMaker = \"Example; Inc.\"\r\nDisk=\"a disk\"\r\n";

    #[test]
    fn a_package_is_read() {
        let inf = Inf::parse(SERIAL.as_bytes()).unwrap();
        let version = inf.version().unwrap();
        assert_eq!(version.provider, "Example; Inc.");
        assert_eq!(version.driver, "07/09/2020 1.2.3.4");
        assert_eq!(version.catalog.as_deref(), Some("serial.cat"));
        assert_eq!(version.class_guid, "{4d36e97d-e325-11ce-bfc1-08002be10318}");
        assert_eq!(inf.source_files(), ["amd64/serial.sys"]);
        assert_eq!(inf.hardware_ids(), ["PCI\\VEN_1AF4&DEV_1003&SUBSYS_00031AF4", "PCI\\VEN_1AF4&DEV_1003"]);
    }

    #[test]
    fn what_is_no_package_is_told_by_setupapis_codes() {
        let code = |text: &str| Inf::parse(text.as_bytes()).and_then(|inf| inf.version().map(drop));
        assert_eq!(code("Signature=x\r\n[Version]"), Err(ERROR_WRONG_INF_STYLE));
        assert_eq!(code("[Version\r\n"), Err(ERROR_GENERAL_SYNTAX));
        assert_eq!(code("[Version]\r\nSignature=\"$Other$\"\r\n"), Err(ERROR_WRONG_INF_STYLE));
        assert_eq!(code(&SERIAL.replace("Class=System\r\n", "")), Err(ERROR_SECTION_NOT_FOUND));
        assert_eq!(code(&SERIAL.replace("DriverVer", "Driver")), Err(ERROR_SECTION_NOT_FOUND));
    }
}
