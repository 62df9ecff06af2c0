"""Support: questions and answers, articles, prepared answers, the manual."""
