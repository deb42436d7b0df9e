"""What people see: the shade, the curtain and its strip, texts and styles."""
