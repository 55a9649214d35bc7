TEXTS = {
    "title": ("ヘルプ", "Help"),
}
