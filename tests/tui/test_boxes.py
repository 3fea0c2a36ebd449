"""The boxes over the dashboard look as they were made, whatever ids the dashboard's own style names."""

from shell import played
from textual.widgets import Button

from dlbench.tui.screens.prompts import ExportPrompt


def test_buttons_of_the_export_stand_in_rows():
    """One button a format, each a row high, in as few rows as have room for them beside each other, within the box."""

    async def look(app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, ExportPrompt)
        buttons = app.screen.query(Button)
        box = app.screen.query_one("#box").region
        assert len(buttons) > 3
        assert {button.region.height for button in buttons} == {1}
        most = box.width // ExportPrompt.BUTTON_WIDTH
        assert len({button.region.y for button in buttons}) <= -(-len(buttons) // (most - 1))
        assert all(box.contains_region(button.region) for button in buttons)

    played(look)
