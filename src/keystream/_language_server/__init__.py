"""A language server: findings while one types, repairs as quick fixes."""
