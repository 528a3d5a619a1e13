/** PowerShell 7, beside Windows PowerShell. */
{ check, layering, product, sources, ... }:

layering.overridable "powershell7"
  {
    # `PowerShell-VERSION-win-x64.msi`.
    source = { type = check.file; default = sources.powershell7; };
    # Whether others can command this machine by it.
    remoting = { type = check.bool; default = false; };
  }
  ({ source, remoting }: product.layers.msi {
    name = "powershell7";
    inherit source;
    # "Installing PowerShell on Windows", the MSI's properties: no updates, since
    # an image stays what it is.
    properties = {
      REGISTER_MANIFEST = "1";
      USE_MU = "0";
      ENABLE_MU = "0";
      ENABLE_PSREMOTING = if remoting then "1" else "0";
    };
  })
