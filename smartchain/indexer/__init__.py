"""From the host's logs to a verified chain in the store: decide (`plan`), act (`follow`), go on (`daemon`)."""
