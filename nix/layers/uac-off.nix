/** User Account Control asks nobody. It holds from the next boot on, which is the
   one of the next layer or run. */
{ product, ... }:
product.layers.registry {
  name = "uac-off";
  # "User Account Control settings and configuration": EnableLUA 0 needs a restart.
  keys."HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System" = {
    EnableLUA = 0;
    ConsentPromptBehaviorAdmin = 0;
    PromptOnSecureDesktop = 0;
  };
}
