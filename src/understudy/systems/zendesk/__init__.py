"""The mocked Zendesk Support, v2. In: JSON calls. Out: tickets, users, searches and errors."""
