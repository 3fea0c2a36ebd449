"""The boxes over the dashboard look as they were made, whatever ids the dashboard's own style names."""

from shell import played
from textual.widgets import Button

from dlbench.tui.screens.prompts import ExportPrompt


def test_buttons_of_the_export_stand_in_one_row():
    """One button a format, each a row high and beside the others, within the box."""

    async def look(app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, ExportPrompt)
        buttons = app.screen.query(Button)
        box = app.screen.query_one("#box").region
        assert len(buttons) > 3
        assert {(button.region.y, button.region.height) for button in buttons} == {(buttons.first().region.y, 1)}
        assert all(box.contains_region(button.region) for button in buttons)

    played(look)
