//! The whole product once, on a medium of the user's: from the medium to a clone of a template. What came of
//! it is a report without secrets that can be given to others.

mod hidden;
mod html;
mod page;
mod programs;
mod report;
mod specs;

use std::{error::Error, ffi::OsString, path::Path, time::Instant};

pub use hidden::{Hidden, host_name};
pub use html::html;
pub use page::page;
pub use programs::{complete, find as find_tools};
pub use report::{Failure, Outcome, Part, Phase, Report, Step, VERSION, Versions, schema};
pub use specs::Wishes;

use crate::{
    blame::Blame,
    doctor::{self, Seen},
    evidence::{self, Evidence},
    freeze,
    inspect::Inspection,
    install::{self, InstallError},
    layer,
    machine::{Display, Made},
    nonce, phase,
    preflight::Finding,
    progress::{Progress, Reader},
    run,
    script::Surroundings,
    session,
    spec::Tools,
    template::{self, Template},
    tool::status_in_words,
    windows_iso::WindowsIso,
};
use specs::{Nonces, Places, Specs};

/// The programs of a script, each of which is this program under another name.
const COMMANDS: [&str; 5] = ["win-exec", "win-put", "win-get", "win-wait", "win-restart"];
/// A picture of the screen that is larger stays where it is.
const PICTURE: u64 = 4 << 20;
/// How many of the last lines of what a script said are told.
const TOLD: usize = 20;

/// What is verified, and where.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The installation medium.
    pub medium: &'a Path,
    /// What differs from what the medium offers by itself.
    pub wishes: &'a Wishes,
    /// Programs and firmware, or what of them was not found.
    pub tools: Result<Tools, String>,
    /// What was seen of the host.
    pub host: &'a Seen,
    /// An empty directory for images, with room for some of them.
    pub directory: &'a Path,
    /// An empty directory for sockets; a short path.
    pub scratch: &'a Path,
    /// The builder's own program.
    pub builder: &'a Path,
    /// The caller's PATH.
    pub path: OsString,
    /// Who reads the progress.
    pub reader: Reader,
    /// What the report must not have. The password of the guest is added to it.
    pub hidden: &'a mut Hidden,
}

/// What a phase ends with besides its time.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Finding>,
    facts: Vec<String>,
}

/// A failure with its picture, before anything is hidden.
type Failed = Box<Failure>;

/// Performs each phase whose needs were met, and tells of all.
pub async fn verify(plan: Plan<'_>) -> Report {
    let checks = doctor::checks(plan.host).into_iter().map(|check| doctor::Check {
        found: plan.hidden.text(&check.found),
        advice: plan.hidden.text(&check.advice),
        ..check
    });
    let mut report = Report::new(checks.collect());
    let mut story = Story { places: Places::below(plan.directory), plan, specs: None, medium: None };
    for step in Step::ALL {
        if let Some(needed) = report.missing(step) {
            report.phases.push(Phase::skipped(step, needed));
            continue;
        }
        let progress = Progress::new(story.plan.reader).named(step.word());
        let (mut found, since) = (Found::default(), Instant::now());
        let ended = Box::pin(story.perform(step, &progress, &mut found)).await;
        progress.end();
        let hidden = &*story.plan.hidden;
        let failure = ended.err().map(|failure| failure.without(hidden));
        report.phases.push(Phase {
            parts: progress.times().into_iter().map(Part::new).collect(),
            facts: found.facts.iter().map(|fact| hidden.text(fact)).collect(),
            findings: found.findings.into_iter().map(|finding| hidden.finding(finding)).collect(),
            ..Phase::performed(step, since.elapsed(), failure)
        });
    }
    report.machine = story.specs.map(|specs| specs.install.machine);
    report.medium = story.medium;
    report.concluded()
}

struct Story<'a> {
    plan: Plan<'a>,
    places: Places,
    specs: Option<Specs>,
    medium: Option<Inspection>,
}

impl Story<'_> {
    async fn perform(&mut self, step: Step, progress: &Progress, found: &mut Found) -> Result<(), Failed> {
        if step == Step::Preflight {
            return self.preflight(progress, found);
        }
        let Some(specs) = &self.specs else { return Err(plain(Blame::Bug, "there are no specs")) };
        let scratch = self.plan.scratch.join(step.word());
        fs_err::create_dir(&scratch).map_err(|error| plain(Blame::Host, error))?;
        let evidence = self.places.evidence.join(step.word());
        let around = Surroundings {
            scratch: &scratch,
            evidence: &evidence,
            programs: self.places.programs.clone(),
            builder: self.plan.builder.into(),
            path: self.plan.path.clone(),
            display: Display::None,
        };
        let ended = match step {
            Step::Preflight => Ok(()),
            Step::Media => media(specs, &scratch, found),
            Step::Install => self.install(specs, &around, progress).await,
            Step::Layer => self.layer(specs, &around, progress, found).await,
            Step::Run => script(&specs.run, &self.places.run, &around, progress, found).await,
            Step::Template => freeze::freeze(&specs.template, &self.places.template, &around, progress)
                .await
                .map_err(|failure| {
                    let page = failure.to_string();
                    let blame = failure.error.blame();
                    failed(&failure.error, blame, failure.phase, failure.evidence.as_ref(), page)
                }),
            Step::CheckTemplate => check_template(&self.places.template),
            Step::Clone => script(&specs.clone, &self.places.clone, &around, progress, found).await,
        };
        // Variables, answers, sockets: nobody needs them any more.
        let _ = fs_err::remove_dir_all(&scratch);
        ended
    }

    fn preflight(&mut self, progress: &Progress, found: &mut Found) -> Result<(), Failed> {
        let host = |error: std::io::Error| plain(Blame::Host, error);
        self.places.make(&COMMANDS, self.plan.builder).map_err(host)?;
        progress.phase(phase::Phase::Preflight, &format!("{}", self.plan.medium.display()));
        let name = self.plan.medium.file_name().unwrap_or_default().to_string_lossy();
        let iso = read(self.plan.medium)?;
        let medium = Inspection::new(&self.plan.hidden.text(&name), iso);
        let medium = self.medium.insert(medium);

        let password = specs::password().map_err(host)?;
        self.plan.hidden.secret(&password);
        // One that cannot be read is found below.
        let key = self.plan.wishes.product_key_file.as_deref().map(session::read_secret);
        if let Some(Ok(key)) = key {
            self.plan.hidden.secret(&key);
        }
        specs::write_secret(&self.places.password, &password).map_err(host)?;
        let tools = self.plan.tools.as_ref().map_err(|problem| plain(Blame::Host, problem))?;
        let nonces = Nonces { layer: nonce::new().map_err(host)?, run: nonce::new().map_err(host)? };
        let specs =
            Specs::new(self.plan.medium, &medium.medium, self.plan.wishes, tools, &self.places, &nonces)
                .map_err(|error| plain(Blame::Input, error))?;
        specs.write(&self.places.specs).map_err(host)?;
        let verdict = install::preflight(&specs.install).map_err(|error| {
            failed(&error, error.blame(), phase::Phase::Preflight, None, error.to_string())
        })?;
        found.facts.push(verdict.summary.clone());
        found.findings.clone_from(&verdict.findings);
        self.specs = Some(specs);
        if verdict.is_refused() {
            let error = InstallError::Preflight(verdict);
            let page = error.to_string();
            return Err(Box::new(Failure::new(
                vec!["the medium and what it is installed on do not fit".into()],
                Blame::Input,
                page,
            )));
        }
        Ok(())
    }

    async fn install(
        &self,
        specs: &Specs,
        around: &Surroundings<'_>,
        progress: &Progress,
    ) -> Result<(), Failed> {
        let places = install::Places {
            out: Made { disk: &self.places.image, state: Some(&self.places.image_state) },
            scratch: around.scratch,
            evidence: around.evidence,
            builder: &around.builder,
            display: Display::None,
        };
        install::install(&specs.install, places, progress).await.map_err(|failure| {
            let page = failure.to_string();
            failed(&failure.error, failure.error.blame(), failure.phase, failure.evidence.as_ref(), page)
        })
    }

    async fn layer(
        &self,
        specs: &Specs,
        around: &Surroundings<'_>,
        progress: &Progress,
        found: &mut Found,
    ) -> Result<(), Failed> {
        let out = Made { disk: &self.places.layer, state: Some(&self.places.layer_state) };
        let times = layer::layer(&specs.layer, out, around, progress).await.map_err(|failure| {
            let page = failure.to_string();
            failed(&failure.error, failure.error.blame(), failure.phase, failure.evidence.as_ref(), page)
        })?;
        found.facts.push(times.to_string());
        Ok(())
    }
}

/// Opens and reads a medium.
fn read(medium: &Path) -> Result<WindowsIso, Failed> {
    let file = fs_err::File::open(medium).map_err(|error| plain(Blame::Input, error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(plain(Blame::Input, "this is a directory"));
    }
    WindowsIso::read(file)
        .map_err(|error| failed(&error, error.blame(), phase::Phase::Preflight, None, error.to_string()))
}

fn media(specs: &Specs, scratch: &Path, found: &mut Found) -> Result<(), Failed> {
    let bytes = install::media(&specs.install, scratch)
        .map_err(|error| failed(&error, error.blame(), phase::Phase::Media, None, error.to_string()))?;
    found.facts.push(format!("{} KiB written; the installation medium stays as it is", bytes >> 10));
    Ok(())
}

/// A run whose script ends with 0, or says why not in its own file.
async fn script(
    spec: &crate::spec::Run,
    place: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
    found: &mut Found,
) -> Result<(), Failed> {
    let ended = run::run(spec, around, progress).await.map_err(|failure| {
        let page = failure.to_string();
        failed(&failure.error, failure.error.blame(), failure.phase, failure.evidence.as_ref(), page)
    })?;
    let run::Ended { status, times } = ended;
    if !status.success() {
        let said = fs_err::read(place.join(specs::SAID)).unwrap_or_default();
        let said = evidence::last_lines(&said, TOLD).join("\n");
        let ended = format!("its script ended with {}", status_in_words(status));
        let page = format!("{ended}\n{said}");
        let causes = std::iter::once(ended).chain((!said.is_empty()).then_some(said));
        let failure = Failure::new(causes.collect(), Blame::Guest, page);
        return Err(Box::new(Failure { during: Some(phase::Phase::Script.word().into()), ..failure }));
    }
    let waited = times.ready_at - times.running_at;
    found.facts.push(format!("the guest took commands {waited:.2} s after its processors ran"));
    Ok(())
}

fn check_template(directory: &Path) -> Result<(), Failed> {
    let checked = Template::at(directory).and_then(|template| match template {
        Some(template) => template.state(template::Extent::Whole).map(|_| true),
        None => Ok(false),
    });
    match checked {
        Ok(true) => Ok(()),
        Ok(false) => Err(plain(Blame::Bug, "there is no template")),
        Err(error) => Err(failed(&error, error.blame(), phase::Phase::Freeze, None, error.to_string())),
    }
}

/// A failure before there was anything to look at.
#[expect(clippy::needless_pass_by_value, reason = "an error is handed over at the end of its life")]
fn plain(blame: Blame, problem: impl ToString) -> Failed {
    let problem = problem.to_string();
    Box::new(Failure::new(vec![problem.clone()], blame, problem))
}

fn failed(
    error: &dyn Error,
    blame: Blame,
    during: phase::Phase,
    evidence: Option<&Evidence>,
    page: String,
) -> Failed {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        // An error that only wraps another one says the same again.
        if !causes.iter().any(|before| before.contains(&cause)) {
            causes.push(cause);
        }
        next = error.source();
    }
    let mut failure = Failure::new(causes, blame, page);
    failure.during = Some(during.word().into());
    if let Some(evidence) = evidence {
        failure.screen_text.clone_from(&evidence.screen_text);
        failure.setup_log = evidence.setup_log.clone().map(Into::into);
        failure.evidence = names(&evidence.directory);
        failure.picture = evidence.screen.as_deref().and_then(picture);
    }
    Box::new(failure)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn picture(file: &Path) -> Option<Vec<u8>> {
    let small = fs_err::metadata(file).is_ok_and(|metadata| metadata.len() <= PICTURE);
    small.then(|| fs_err::read(file).ok())?
}

#[cfg(test)]
mod tests;
