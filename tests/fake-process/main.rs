//! Ring 3: every wait ends, with the right blame. The peers are real processes and real
//! servers that die, hang, flood and lie; deadlines are short and real.
#![expect(
    clippy::disallowed_methods,
    reason = "this ring starts processes and looks for what is left of them"
)]

mod installation;
mod medium;
mod stage;
