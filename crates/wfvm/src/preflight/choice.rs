//! Which release the medium is of, and which of its images is installed.

use super::Finding;
use crate::guest_os::{self, GuestOs, RELEASES};
use crate::spec::{GuestOsName, ImageSelection, Install};
use crate::windows_iso::{Image, WindowsIso};

/// The release of the medium, by its images; and what is wrong with it, if there are no data
/// for it or the spec names another one. Then it is the release that comes nearest, so that
/// everything else can be judged as well.
#[must_use]
pub fn release(spec: &Install, iso: &WindowsIso) -> (&'static GuestOs, Option<Finding>) {
    let named = || spec.guest_os.map(guest_os::named).into_iter().flatten();
    let known = iso.images.iter().find_map(|image| {
        let build = image.build?;
        let found = guest_os::of_image(build, &image.installation_type, &image.edition_id)?;
        // An edition that is in nobody's table is of the named release rather than of another.
        let named = || named().find(|os| os.has(build, &image.installation_type));
        if found.edition(&image.edition_id).is_some() { Some(found) } else { named().or(Some(found)) }
    });
    // Foreign tools make images that do not say what they are.
    let silent = iso.images.iter().all(|image| image.build.is_none());
    if let Some(os) = named().last().filter(|_| silent) {
        return (os, None);
    }
    let (value, wanted) = match spec.guest_os {
        Some(name) => (title(name), format!("the spec names {}", title(name))),
        None => (String::new(), "there are no data for it".into()),
    };
    let finding = |advice: String| {
        let problem = format!("the medium `{}` is {}, and {wanted}", iso.volume_label, what(iso));
        Some(Finding::refusal("guestOs", value, problem, advice))
    };
    match known {
        Some(os) if spec.guest_os.is_none_or(|name| os.names.contains(&name)) => (os, None),
        Some(os) => (os, finding(format!("leave it out, or write `{}`", os.name().text()))),
        None => {
            let nearest = named().last().or_else(|| nearest(iso)).unwrap_or(&guest_os::WINDOWS_11_25H2);
            (nearest, finding(known_releases()))
        }
    }
}

/// The release of the medium, by its images alone.
#[must_use]
pub fn release_of(iso: &WindowsIso) -> Option<&'static GuestOs> {
    let of = |image: &Image| guest_os::of_image(image.build?, &image.installation_type, &image.edition_id);
    let mut found = iso.images.iter().filter_map(|image| Some((of(image)?, image)));
    // One whose edition is in the tables says more than another.
    found
        .clone()
        .find(|(os, image)| os.edition(&image.edition_id).is_some())
        .or_else(|| found.next())
        .map(|(os, _)| os)
}

/// That there are no data for the medium's release.
#[must_use]
pub fn unknown_release(iso: &WindowsIso) -> Finding {
    let problem = format!("the medium `{}` is {}, and there are no data for it", iso.volume_label, what(iso));
    Finding::refusal("guestOs", "", problem, known_releases())
}

fn known_releases() -> String {
    let builds: Vec<String> = RELEASES
        .iter()
        .map(|os| format!("{} (builds {} to {})", os.title, os.builds.start(), os.builds.end()))
        .collect();
    format!("known are {}", builds.join(", "))
}

/// The newest release with images of this type.
fn nearest(iso: &WindowsIso) -> Option<&'static GuestOs> {
    let kind = &iso.images.first()?.installation_type;
    RELEASES.into_iter().filter(|os| os.installation_type(kind).is_some()).max_by_key(|os| os.build)
}

fn title(name: GuestOsName) -> String {
    let titles: Vec<&str> = guest_os::named(name).map(|os| os.title).collect();
    titles.join(" or ")
}

/// `build 28000 (Client)`
fn what(iso: &WindowsIso) -> String {
    let Some(image) = iso.images.first() else { return "without an image".into() };
    match image.build {
        Some(build) => {
            let known = guest_os::of_image(build, &image.installation_type, &image.edition_id);
            let kind = known.map_or(image.installation_type.as_str(), |os| os.title);
            format!("build {build} ({kind})")
        }
        None => format!("of no build that its images name ({})", image.installation_type),
    }
}

/// The image that is installed.
///
/// # Errors
/// The finding that lists what the medium offers.
pub fn selected<'i>(spec: &Install, os: &GuestOs, iso: &'i WindowsIso) -> Result<&'i Image, Finding> {
    let Some(selection) = &spec.image else { return preferred(os, iso) };
    let all = |holds: &dyn Fn(&Image) -> bool| -> Vec<&'i Image> {
        iso.images.iter().filter(|image| holds(image)).collect()
    };
    let (field, value, found) = match selection {
        ImageSelection::Index(index) => {
            ("image.index", index.to_string(), all(&|image| image.index == *index))
        }
        ImageSelection::Name(name) => {
            // The names of Windows 11's first images say Windows 10; Setup shows the right one.
            let named = all(&|image| image.name == *name);
            let found = if named.is_empty() { all(&|image| image.display_name == *name) } else { named };
            ("image.name", name.clone(), found)
        }
        ImageSelection::Description(text) => {
            ("image.description", text.clone(), all(&|image| image.description == *text))
        }
        ImageSelection::Edition(edition) => (
            "image.edition",
            edition.clone(),
            all(&|image| edition_of(os, image).eq_ignore_ascii_case(edition)),
        ),
    };
    match found.as_slice() {
        [image] => Ok(image),
        [] => {
            let problem = format!("the medium `{}` has no image `{value}`", iso.volume_label);
            Err(Finding::refusal(field, value, problem, format!("its images are {}", offered(os, iso))))
        }
        several => {
            let problem =
                format!("{} images of the medium `{}` are `{value}`", several.len(), iso.volume_label);
            Err(Finding::refusal(field, value, problem, format!("select by index: {}", offered(os, iso))))
        }
    }
}

/// The only image, or that of the edition that most would take.
///
/// # Errors
/// The finding that lists what the medium offers.
pub fn preferred<'i>(os: &GuestOs, iso: &'i WindowsIso) -> Result<&'i Image, Finding> {
    if let [image] = iso.images.as_slice() {
        return Ok(image);
    }
    let of = |edition: &&str| iso.images.iter().find(|image| edition_of(os, image) == **edition);
    os.preferred_editions.iter().find_map(of).ok_or_else(|| {
        let problem = format!("the medium `{}` has {} images", iso.volume_label, iso.images.len());
        Finding::refusal("image", "", problem, format!("select one: {}", offered(os, iso)))
    })
}

fn edition_of(os: &GuestOs, image: &Image) -> String {
    os.edition_name(&image.edition_id, &image.installation_type)
}

/// `1 "Windows 11 Home" (Core), 2 …`
fn offered(os: &GuestOs, iso: &WindowsIso) -> String {
    let images: Vec<String> = iso
        .images
        .iter()
        .map(|image| format!("{} \"{}\" ({})", image.index, image.name, edition_of(os, image)))
        .collect();
    images.join(", ")
}
