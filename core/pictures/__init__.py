"""Pictures as bytes and as files, with what is known of them inside."""
