"""Makes the MSI: from a folder to a Windows Installer database."""
